# Lo que dice un aparato, en español. Las mismas claves están en cada archivo de idioma.

## Incidentes: forma, palabra, color
headline-waiting-to-send = ◌ Tu reporte — pendiente de enviar
headline-sent = ○ Tu reporte — ya lo tiene la mesa
headline-unverified = ? REPORTE POR VERIFICAR — sin verificar, { $missing ->
    [one] falta una confirmación
   *[other] faltan { $missing } confirmaciones
}
headline-not-confirmed = – Sin confirmar: no encontraron nada
headline-other-agency = – No es migración: es otra agencia
headline-unverifiable = – No se pudo comprobar
headline-verified = ● ALERTA VERIFICADA por { $count ->
    [one] una persona verificadora tuya
   *[other] { $count } de tus verificadores
} ({ $methods })
headline-false-alarm = ✕ FALSA ALARMA — la alerta fue un error
headline-all-clear = ✓ ALERTA TERMINADA — ya pasó
drill-banner = ▲ SIMULACRO / DRILL — es un ejercicio, no es real
drill-waiting-to-send = tu reporte de ejercicio está pendiente de enviar
drill-sent = la mesa ya tiene tu reporte de ejercicio
drill-unverified = reporte de ejercicio por verificar, { $missing ->
    [one] falta una confirmación
   *[other] faltan { $missing } confirmaciones
}
drill-not-confirmed = ejercicio: sin confirmar
drill-other-agency = ejercicio: otra agencia
drill-unverifiable = ejercicio: no se pudo comprobar
drill-verified = ejercicio confirmado por { $count ->
    [one] un verificador
   *[other] { $count } verificadores
} ({ $methods })
drill-false-alarm = ejercicio: falsa alarma
drill-all-clear = el ejercicio terminó
zone = zona { $name }
zone-number = zona { $number }
age-now = ahora mismo
age-minutes = hace { $n } min
age-hours = hace { $n } h
age-days = { $n ->
    [one] hace un día
   *[other] hace { $n } días
}
incident-mine = desde este aparato
incident-words = En palabras de quien reporta: { $words }
may-attest = Puedes verificarlo: campana attest { $id } --finding … --method …
said-false-alarm = { $count ->
    [one] Uno de tus verificadores dice
   *[other] { $count } de tus verificadores dicen
 } que fue un error. La alerta sigue en pie: faltan { $missing } para terminarla.
said-all-clear = { $count ->
    [one] Uno de tus verificadores dice
   *[other] { $count } de tus verificadores dicen
 } que ya pasó. La alerta sigue en pie: faltan { $missing } para terminarla.
may-change = Puedes cambiar lo que encontraste: campana attest { $id } --finding … --method …
incident-disputed = Lo que encontraste no contó: el reloj de este aparato estaba mal. Ajústalo y firma otra vez.
may-follow-up = Puedes decir que ya pasó o que fue un error: campana correct { $id }, o campana all-clear { $id }

size-unknown = no se sabe cuántos agentes
size-one = un agente
size-2-5 = de 2 a 5 agentes
size-6-10 = de 6 a 10 agentes
size-over-10 = más de 10 agentes
activity-watching = vigilan
activity-knocking = tocan puertas
activity-questioning = interrogan a gente
activity-detaining = detienen a gente
activity-loading = suben a gente a vehículos
activity-checkpoint = retén
activity-leaving = se van
activity-gone = ya se fueron
setting-unknown = lugar no dicho
setting-home = en una casa
setting-work = en un lugar de trabajo
setting-street = en la calle
setting-court = en un tribunal
setting-school = en una escuela
setting-church = en una iglesia
setting-car = en un auto
unit-cannot-tell = marcas no leídas
unit-ice = ICE
unit-hsi = HSI
unit-cbp = CBP
unit-police = policía
unit-marshals = alguaciles federales (marshals)
unit-none = sin marcas
when-now = ahora
when-minutes-ago = hace unos minutos
when-hour-ago = hace como una hora
when-earlier = hace más tiempo
equipment-weapons = armas
equipment-masks = caras tapadas
equipment-vehicles = vehículos
equipment-tools = herramientas
finding-confirmed = confirmado
finding-nothing = no hay nada
finding-other-agency = otra agencia
finding-cannot-tell = no pude saberlo
method-in-person = en persona
method-live-video = video en vivo
method-photo-and-call = foto y llamada
method-known-source = fuente conocida

notice-report = Un reporte por verificar
notice-alert = Alerta verificada
notice-drill = Simulacro
notice-false-alarm = Corrección: falsa alarma
notice-said-false-alarm = Uno de tus verificadores dice: falsa alarma. La alerta sigue en pie hasta que lo digan suficientes
notice-said-all-clear = Uno de tus verificadores dice: ya pasó. La alerta sigue en pie hasta que lo digan suficientes
notice-all-clear = Alerta terminada
notice-unread = Una alerta que este aparato no puede leer

## Dónde está un aparato
stage-nowhere = En ninguna red. Empieza una con el enlace de un operador (campana start) o únete con una invitación (campana join).
stage-founding = La red se está fundando: el comité aún no está completo.
stage-waiting = En la sala de espera: el comité tiene tu solicitud.
stage-invite-expired = No admitido: la invitación venció. Pide una nueva.
stage-invite-revoked = No admitido: la invitación fue anulada. Pide una nueva.
stage-declined = No admitido. Pregunta a quien te invitó.
stage-member = En la red.
stage-removed = La membresía de este aparato terminó.
stage-invitation-refused = El servidor no aceptó la invitación del operador: ya se usó, venció o no es suya. Pide una nueva al operador.
role-committee = comité
role-dispatcher = despacho
role-verifier = verificación
role-responder = respuesta
role-none = integrante
person-waiting = espera
person-admitting = entrando
person-member = en la red
person-declined = no admitida
person-removed = fuera
warning-clock-off = El reloj de este aparato está mal por más de cinco minutos: ajústalo.
warning-behind = Este aparato estuvo ausente tanto tiempo que ya no queda lo que se perdió. Se une de nuevo solo; puede tardar unos minutos.
warning-rolled-back = Este almacén es una copia vieja de sí mismo. El aparato se une de nuevo solo; nada se mostrará dos veces.
warning-forked = El servidor mostró a este aparato otra historia que a los demás. Avisa al comité y no confíes en este servidor.
warning-forged-alert = Algo decía ser una alerta y no llevaba la firma de tus verificadores. No se muestra. Avisa al comité.
warning-single-committee = Un solo aparato puede hacerlo todo (1 de 1). Si se pierde o lo toman, también la red. Empieza con 2 de 3.
warning-locked-out = En el servidor han dejado fuera a los miembros: alguien cambió allí la llave de la red y ninguna decisión del comité lo explica. Los aparatos del comité lo arreglan solos; uno de ellos, o el servidor, está en otras manos. Avisa al comité.
warning-owner-replaced = El servidor ya no reconoce este aparato del comité y ninguna decisión del comité lo explica: otro aparato del comité, o el servidor, está en otras manos. Avisa al resto del comité.
warning-relay-restored = El servidor volvió a una copia anterior. Lo que perdió se está enviando otra vez, y los mensajes nuevos esperan hasta que un aparato del comité lleve unos minutos conectado. En el comité: deja `watch` abierto. Si es urgente, llama por teléfono.
warning-log-lost = El servidor volvió a una copia anterior y siguió sin mensajes que este aparato tenía. La red lo vuelve a admitir sin que hagas nada, y después envía otra vez sus propios mensajes de los últimos dos días. Si este aviso sigue un día después, díselo al comité: se perdió una decisión, y hay que tomarla otra vez desde un aparato sin este aviso, o fundar la red de nuevo.
warning-refused = El servidor rechaza este aparato; quizá estuvo desconectado demasiado tiempo. Pide una invitación nueva.
warning-unread = Llegaron alertas que este aparato no puede leer. Pregunta a la línea qué dicen; campana dismiss retira este aviso.
warning-astray = Este aparato no puede seguir a los demás. Se une de nuevo solo; hasta entonces no puede leer alertas. Pregunta a la línea.
warning-update-needed = Este programa es demasiado viejo para tu red o su servidor: actualiza Campana. Hasta entonces pueden no llegar alertas.
warning-alert-refused = El servidor no acepta una alerta de este aparato. Se intenta otra vez. Avisa al comité.
suspicion = { $count ->
    [one] Visto una vez
   *[other] Visto { $count } veces
 }, la última { $when }, de { $who }. Para descartarlo: campana dismiss
suspicion-unknown = alguien desconocido, o el propio servidor
dismissed = Descartado. Vuelve con el próximo.
warning-relay-full = El servidor no puede guardar nada ahora: lo que envías espera en este aparato.

## Respuestas
status-network = Red { $name }: { $members ->
    [one] un aparato
   *[other] { $members } aparatos
}, comité { $k } de { $n }, { $v ->
    [one] una confirmación verifica
   *[other] { $v } confirmaciones verifican
}
status-roles = Tus funciones: { $roles }
status-key = Tu llave: { $key }
status-zones = Zonas: { $zones }
status-chain = Reglas { $height } ({ $head }), historia { $cursor } ({ $log })
status-unsent = { $n ->
    [0] No falta enviar nada.
    [one] Falta enviar una cosa.
   *[other] Faltan por enviar { $n } cosas.
}
status-behind = Aún no está aquí todo lo que tiene el servidor.
link-up = Conectado.
link-down = Sin conexión ({ $why }). Se intenta otra vez.
started = La red «{ $name }» ha empezado.
started-next = Sigue: campana invite --committee, una vez por cada otro aparato del comité (faltan { $missing }).
start-alone-risk = 1 de 1: este aparato solo puede hacerlo todo. Si se pierde o lo toman, también la red. Para uso real empieza con --committee 3 --threshold 2.
invite-made = Invitación { $id }. Quien tenga este enlace puede pedir unirse; mándalo en privado:
invite-revoked = La invitación { $id } está anulada.
invite-line = { $id } — vence en { $hours } h{ $committee ->
    [yes] , para un aparato del comité
   *[no] { "" }
}
invites-none = No hay invitaciones vigentes.
join-sent = El comité tiene tu solicitud. Cuando te admitan, campana status te deja entrar.
join-done = Ya estás dentro.
people-none = Todavía nadie.
person-line = { $handle } — { $state } — { $roles } — #{ $code }{ $namesake ->
    [yes] {" "}— OTRA PERSONA TIENE ESTE NOMBRE: compara el código
   *[no] { "" }
}
your-code = Tu código: #{ $code }. Quien te conozca lo compara en la lista del comité.
admitted = { $n ->
    [one] Una persona admitida.
   *[other] { $n } personas admitidas.
}
admitted-none = Nadie espera.
declined = No admitidas: { $n }.
draft-made = Borrador { $id }: { $signatures } de { $needed } firmas. Nada cambia hasta que { $missing ->
    [one] otro aparato del comité apruebe
   *[other] { $missing } aparatos más del comité aprueben
}: campana approve { $short }
draft-applied = Firmado y en vigor.
draft-withdrawn = Borrador { $short }: retirado. Los aparatos con una versión anterior siguen contando lo que tienen.
draft-line = { $short } — { $operations } — de { $author } — { $signatures } de { $needed } firmas{ $signed ->
    [yes] , firmado por este aparato
   *[no] { "" }
}
drafts-none = Ningún borrador espera firmas.
operation-grant = { $person }: recibe la función de { $role }
operation-revoke = { $person }: deja la función de { $role }
operation-remove = { $person } queda fuera
operation-zones = zonas: { $rest }
operation-rule = reglas nuevas ({ $rest }): las aplicaciones anteriores se detienen hasta que se actualicen
operation-unknown = algo que solo conoce una versión más nueva: actualiza antes de firmar
operation-constitute = el comité: { $rest }
operation-desk = los reportes van a un buzón nuevo de la mesa
zone-add = nueva { $code } «{ $name }»
zone-rename = { $code } «{ $from }» se llama «{ $name }»
zone-retire = sin { $code } «{ $name }»
zone-restore = otra vez { $code } «{ $name }»
approved-none = Nada por aprobar.
reported = La mesa tiene el reporte { $id }.
attested = Tu hallazgo sobre { $id } está firmado y enviado.
followed-up = Enviado a todos los que recibieron la alerta. Termina cuando lo dicen tantas personas como verifican una.
incidents-none = No hay incidentes.
queue = Sala de espera: { $n ->
    [0] vacía
    [one] una persona
   *[other] { $n } personas
}. Borradores por firmar: { $drafts }.
watching = En guardia. Se detiene con Ctrl+C.

## Errores
error-line = No se hizo: { $message }
error-link-not-a-link = aquí no hay ningún enlace de Campana: copia el enlace entero o escanea el código otra vez
error-link-bare = esto es una dirección sin invitación: falta la parte a partir de #. Copia el enlace entero; en una terminal, entre comillas
error-link-damaged = el enlace se alteró en el camino: cópialo otra vez o escanea el código
error-link-cut-short = falta una parte del enlace: copia el enlace entero o escanea el código otra vez
error-link-no-address = falta el principio del enlace, la dirección del servidor: copia el enlace entero
error-link-other-kind = este enlace es del otro tipo: «start» recibe la invitación de un servidor, «join» la invitación a una red
error-link-several = aquí hay dos enlaces distintos: copia solo uno
error-already-in-a-network = este aparato ya es de una red: usa otro --store para otra red, o sal de esta (campana leave)
error-not-in-a-network = este aparato no está en ninguna red: empieza una o entra a una
error-not-admitted = aún no admitido: espera al comité
error-not-committee = solo un aparato del comité puede hacer esto
error-not-constituted = el comité aún no está completo: deja que entren sus otros aparatos
error-constituted = el comité está completo: las invitaciones de comité son solo para fundar
error-needs-role = tu función no permite hacer esto: hace falta la de { $role }
error-bad-threshold = los umbrales deben cumplir 1 ≤ k ≤ n ≤ 16, y de 1 a 8 confirmaciones
error-bad-name = un nombre debe tener de 1 a 64 caracteres
error-too-long = demasiado largo: acórtalo
error-unknown-person = aquí no se conoce a nadie llamado «{ $name }»: mira campana people
error-ambiguous-person = «{ $name }» puede ser varias personas: { $candidates }; usa el código, entre comillas: "#…"
error-unknown-invite = no existe esa invitación: mira campana invite list
error-unknown-draft = no existe ese borrador, o ya se decidió: mira campana drafts
error-update-needed = hace falta una versión más nueva de este programa: actualízalo y vuelve a intentarlo
error-draft-update-needed = contiene algo que solo una versión más nueva puede mostrar: actualiza y después firma
error-draft-desk = mueve la mesa aunque nadie la deja, o adonde tus verificadores no leen: este aparato no lo firma
error-draft-other-leaf = nombra a una persona y saca el aparato de otra: este aparato no lo firma
error-draft-stranger = nombra a alguien que este aparato no tiene en su lista: este aparato no lo firma
error-not-signed = este aparato no ha firmado este borrador
error-unknown-zone = no hay ninguna zona con ese número: mira campana status
error-unknown-incident = ese incidente no está en este aparato: mira campana incidents
error-ambiguous-id = «{ $name }» puede ser varios: escribe más letras
error-clock-off = el reloj de este aparato y el del servidor difieren en más de cinco minutos: ajústalo y firma otra vez
error-own-report = quien reportó no puede verificar su propio reporte
error-already-done = esto ya se hizo
error-not-an-alert = solo una alerta verificada se puede cerrar
error-bug = falla interna: nada cambió; por favor repórtala
error-invitation-refused = el servidor no aceptó la invitación del operador: ya se usó, venció o no es suya. Pide una nueva al operador
error-invite-expired = la invitación había vencido: pide una nueva
error-invite-revoked = la invitación fue anulada: pide una nueva
error-declined = el comité no admitió este aparato: pregunta a quien te invitó
error-removed = la membresía de este aparato terminó
error-store-unreadable = no se puede usar el almacén ({ $detail }): revisa la ruta y sus permisos
error-store-newer = este almacén lo escribió una versión más nueva de Campana: actualiza y ábrelo otra vez. Nada cambió
error-store-damaged = el almacén está dañado ({ $detail }): restaura una copia del directorio completo, o apártalo y entra otra vez con una invitación nueva
error-store-busy = otro proceso de Campana ocupa este almacén: deténlo e intenta otra vez
error-store-write = no se puede escribir en el almacén ({ $detail }): nada cambió; haz espacio e intenta otra vez
error-rows-damaged = el almacén está dañado o su llave es de otro: restaura una copia del directorio completo, o apártalo y entra otra vez con una invitación nueva
error-no-random = el sistema no da bytes al azar: { $detail }
error-vault-unreadable = no se puede usar la llave del almacén ({ $detail })
error-vault-damaged = el archivo de la llave está dañado: restáuralo de una copia del almacén
error-vault-missing = el almacén tiene datos y le falta su llave: restaura vault.key de una copia, o aparta el almacén y entra otra vez
error-passphrase-needed = este almacén está cerrado con una frase: dala con --passphrase-file o CAMPANA_PASSPHRASE
error-passphrase-wrong = frase equivocada: nada cambió, intenta otra vez
error-passphrase-unused = este almacén no tiene frase: quita --passphrase-file y CAMPANA_PASSPHRASE
error-passphrase-file = no se puede leer el archivo de la frase ({ $detail })
error-no-store = no hay lugar para el almacén: da --store DIR o define CAMPANA_STORE
error-no-input = no se puede leer el enlace de la entrada estándar
error-not-a-push = no es lo que el servidor envía: da la notificación descifrada por la entrada estándar
error-endpoint-refused = no se pudieron activar las alertas: el servidor no envía a ese servidor (quien lo opera debe permitirlo con --push-host), o el servicio de notificaciones dio de baja la dirección
error-watch-running = otro «campana watch» corre sobre este almacén: uno a la vez, para que nada se muestre dos veces

alerts-unavailable = Alertas: el servidor no las envía
alerts-unsupported = Alertas: no es posible aquí
alerts-needs-install = Alertas: primero instala la aplicación
alerts-blocked = Alertas: las notificaciones no están permitidas
alerts-off = Alertas: desactivadas
alerts-turning-on = Alertas: activándose
alerts-stopped = Alertas: DETENIDAS, actívalas otra vez
push-key = La clave del servidor para suscripciones (VAPID): { $key }
alerts-refused = Alertas: activadas, pero el servicio de notificaciones rechazó la última alerta o prueba para este aparato: pide una prueba, o desactívalas y actívalas
alerts-untested = Alertas: activadas, nunca probadas
alerts-unproved = Alertas: activadas, nada ha llegado en tres días
alerts-on = Alertas: activadas y funcionando
oncall-off = Reportes: este aparato no recibe avisos
oncall-on-call = Reportes: de guardia
oncall-cover = Reportes: cobertura
oncall-count = { $n } de guardia ahora; { $proved } de sus teléfonos han demostrado en tres días que suenan
oncall-cost = El servicio de notificaciones puede ver que este aparato recibe más avisos que otros.
status-reach = { $registered } de { $members } teléfonos tienen las alertas activadas; { $proved } mostraron en los últimos tres días que funcionan
error-alerts-off = las alertas no están activadas: actívalas primero

## Lo que no ha terminado y lo que quizá no es todo
still-unsent = { $n ->
    [one] Falta enviar una cosa
   *[other] Faltan por enviar { $n } cosas
}: la envía cualquier orden posterior, o deja «campana watch» corriendo.
waiting-offline = Guardado en la bandeja de salida de este aparato, como pide --offline. Lo envía la próxima orden sin --offline. No repitas esta.
waiting-unreachable = Aún no termina. Está a salvo en la bandeja de salida de este aparato y saldrá cuando se alcance el servidor: deja «campana watch» corriendo. No repitas la orden. El servidor: { $why }
waiting-unsent = Aún no termina. El servidor responde y no lo ha tomado todo: { $n ->
    [one] una cosa espera
   *[other] { $n } cosas esperan
} en la bandeja de salida de este aparato. Mira los avisos con campana status; deja «campana watch» corriendo. No repitas la orden.
waiting-behind = Aún no termina. El servidor responde y aún no está aquí todo lo que tiene: deja «campana watch» corriendo. No repitas la orden.
waiting-unanswered = Aún no termina. Está enviado y falta que respondan otros: mira después con campana status. No repitas la orden.
stale-offline = No se preguntó al servidor (--offline).
stale-unreachable = No se alcanza el servidor ({ $why }).
stale-unsent = El servidor aún no ha tomado todo lo de este aparato.
stale-behind = Aún no está aquí todo lo que tiene el servidor.
stale-unanswered = El servidor aún no ha respondido a todo.
stale-since = Puede haber más: esto es lo que este aparato sabía a las { $when }.
stale-never = Puede haber más: este aparato nunca ha tenido todo lo que tiene el servidor.
not-waiting-waiting = espera
not-waiting-admitting = ya está entrando
not-waiting-member = ya está en la red; para sacarla: campana remove
not-waiting-declined = no fue admitida; se puede admitir una solicitud nueva (campana join, con cualquier invitación vigente)
not-waiting-removed = está fuera; se puede admitir una solicitud nueva (campana join, con cualquier invitación vigente)
error-not-waiting = { $name } no espera: { $state }. Nada cambió
error-no-zone = ninguna zona tiene el número { $zone }. Hay: { $zones }; 0 es ninguna
error-no-zones = esta red no tiene zonas: quita --zone
incidents-unknown = Aquí no se conoce ningún incidente.
list-unknown = Aquí no se conoce nada.
next-founding-invite = Sigue: { $n ->
    [one] falta un aparato del comité
   *[other] faltan { $n } aparatos del comité
}. Aquí: campana invite --committee. Allí: campana join. Después aquí: campana admit.
next-founding-sign = Sigue: { $n ->
    [one] un aparato del comité tiene
   *[other] { $n } aparatos del comité tienen
} que firmar la constitución: ejecuta campana status en cada uno y luego otra vez aquí.
next-founding-finish = Sigue: ejecuta campana status en el aparato que fundó la red (tarda hasta medio minuto) y luego otra vez aquí.

## Salir, y la frase
left = Este aparato salió de la red. Aquí se borraron sus llaves y todo lo que guardaba de ella.
left-stays = Lo que queda: la lista del comité todavía tiene este aparato hasta que el comité lo saque (campana remove), y los demás conservan lo que les enviaste. Las copias de seguridad, y algunos discos, pueden conservar copias.
leave-sure = ¿Salir de «{ $name }»? Se borra todo lo que este aparato guarda de ella; para volver hace falta una invitación nueva. [s/N]
leave-sure-unknown = ¿Borrar este almacén? Para volver hace falta una invitación nueva. [s/N]
leave-yes = s sí si
error-not-sure = no se borró nada: para salir, contesta s, o da --yes
error-no-store-here = no hay ningún almacén en { $detail }: no se borró nada
error-passphrase-empty = una frase vacía no protege nada: nada cambió; escribe una o quítala
passphrase-set = El almacén está cerrado con la frase nueva.
passphrase-removed = El almacén ya no tiene frase: quien se lleve el disco puede abrirlo.
passphrase-copies = Las copias anteriores del almacén se abren todavía con lo que las abría.

## El camino al servidor
error-ca-file = no se puede usar el archivo de autoridades de certificación ({ $detail })
lost-unreachable = no se alcanza ({ $detail })
lost-redirected = lo que responde en su dirección manda a otra parte, a { $detail }: la página de acceso de un wifi, o una dirección que cambió. Entra ahí, o pide la dirección al comité
lost-not-a-relay = lo que responde en su dirección no es un servidor de Campana ({ $detail }): una página de acceso, o un proxy que no deja pasar WebSockets
lost-certificate = su certificado no es de confianza ({ $detail }): puede haber alguien en medio, un reloj mal puesto, o falta dar su autoridad con --ca
lost-proxy = el proxy no lo deja pasar ({ $detail })
lost-closed = cerró la conexión ({ $detail })
lost-silent = ya no llega nada de él

## watch --exec
exec-not-started = No se pudo iniciar el programa de --exec: { $detail }. No avisó a nadie.
exec-failed = El programa de --exec falló (código de salida { $detail }).
exec-too-long = El programa de --exec tardó demasiado y se detuvo (--exec-timeout).
exec-queue-full = Demasiados avisos esperan al programa de --exec: no se ejecuta para este.

## Órdenes mal escritas
usage-value = «{ $value }» no vale para { $argument }.
usage-valid = Valen: { $valid }.
usage-unknown = Aquí no existe la opción { $argument }.
usage-command = No existe la orden «{ $argument }».
usage-missing = Falta: { $argument }.
usage-conflict = { $argument } no va con { $other }.
usage-nothing = Falta la orden.
usage-other = No se entiende esta orden ({ $argument }).
usage-help = Mira campana --help.
