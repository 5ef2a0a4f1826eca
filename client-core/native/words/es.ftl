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
incident-disputed = Lo que encontraste no contó: el reloj de este dispositivo estaba mal. Ajústalo y firma otra vez.
may-follow-up = Puedes decir que ya pasó o que fue un error: campana correct { $id }, o campana all-clear { $id }

size-unknown = no se sabe cuántos agentes
size-one = un agente
size-2-5 = 2-5 agentes
size-6-10 = 6-10 agentes
size-over-10 = más de 10 agentes
activity-watching = vigilan
activity-knocking = tocan puertas
activity-questioning = interrogan
activity-detaining = detención en curso
activity-loading = suben gente a vehículos
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
setting-car = en un carro
unit-cannot-tell = insignias no leídas
unit-ice = ICE
unit-hsi = HSI
unit-cbp = CBP
unit-police = policía
unit-marshals = alguaciles federales (marshals)
unit-none = sin insignias
when-now = ahora
when-minutes-ago = hace unos minutos
when-hour-ago = hace una hora
when-earlier = hace más tiempo
equipment-weapons = armas
equipment-masks = caras tapadas
equipment-vehicles = vehículos
equipment-tools = herramientas
finding-confirmed = confirmado
finding-nothing = no hay nada
finding-other-agency = otra agencia
finding-cannot-tell = no se pudo saber
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
stage-member = Miembro.
stage-removed = La membresía de este aparato terminó.
stage-invitation-refused = El relevo no aceptó la invitación del operador: ya se usó, venció o no es suya. Pide una nueva al operador.
role-committee = comité
role-dispatcher = despacho
role-verifier = verificación
role-responder = respuesta
role-none = integrante
person-waiting = espera
person-admitting = entrando
person-member = miembro
person-declined = no admitido
person-removed = dado de baja
warning-clock-off = El reloj de este aparato está mal por más de cinco minutos: ajústalo.
warning-behind = Este aparato estuvo ausente tanto tiempo que ya no queda lo que se perdió. Se une de nuevo solo; puede tardar unos minutos.
warning-rolled-back = Este almacén es una copia vieja de sí mismo. El aparato se une de nuevo solo; nada se mostrará dos veces.
warning-forked = El relevo mostró a este aparato otra historia que a los demás. Avisa al comité y no confíes en este relevo.
warning-forged-alert = Algo decía ser una alerta y no llevaba la firma de tus verificadores. No se muestra. Avisa al comité.
warning-single-committee = Un solo aparato puede hacerlo todo (1 de 1). Si se pierde o lo toman, también la red. Empieza con 2 de 3.
warning-locked-out = En el relevo han dejado fuera a los miembros: alguien cambió allí la llave de la red y ninguna decisión del comité lo explica. Los aparatos del comité lo arreglan solos; uno de ellos, o el relevo, está en otras manos. Avisa al comité.
warning-owner-replaced = El relevo ya no reconoce este aparato del comité y ninguna decisión del comité lo explica: otro aparato del comité, o el relevo, está en otras manos. Avisa al resto del comité.
warning-relay-restored = El relevo volvió a una copia anterior. Lo que perdió se está enviando otra vez, y los mensajes nuevos esperan hasta que un aparato del comité lleve unos minutos conectado. En el comité: deja `watch` abierto. Si es urgente, llama por teléfono.
warning-log-lost = El relevo volvió a una copia anterior y siguió sin mensajes que este aparato tenía. La red lo vuelve a admitir sin que hagas nada, y después envía otra vez sus propios mensajes de los últimos dos días. Si este aviso sigue un día después, díselo al comité: se perdió una decisión, y hay que tomarla otra vez desde un aparato sin este aviso, o fundar la red de nuevo.
warning-refused = El relevo rechaza este aparato; quizá estuvo desconectado demasiado tiempo. Pide una invitación nueva.
warning-unread = Llegaron alertas que este aparato no puede leer. Pregunta a la línea qué dicen; campana dismiss retira este aviso.
warning-astray = Este aparato no puede seguir a los demás. Se une de nuevo solo; hasta entonces no puede leer alertas. Pregunta a la línea.
warning-update-needed = Este programa es demasiado viejo para tu red o su relevo: actualiza Campana. Hasta entonces pueden no llegar alertas.
warning-alert-refused = El relevo no acepta una alerta de este dispositivo. Se intenta otra vez. Avisa al comité.
suspicion = { $count ->
    [one] Visto una vez
   *[other] Visto { $count } veces
 }, la última { $when }, de { $who }. Para descartarlo: campana dismiss
suspicion-unknown = alguien desconocido, o el propio relevo
dismissed = Descartado. Vuelve con el próximo.
warning-relay-full = El relevo no puede guardar nada ahora: lo que envías espera en este aparato.

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
status-behind = Aún no está aquí todo lo que tiene el relevo.
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
join-sent = El comité tiene tu solicitud. Quédate con «campana watch» o vuelve después.
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
waiting-outbox = Aún no termina. Está a salvo en la bandeja de salida de este aparato y saldrá cuando se alcance el relevo: deja «campana watch» corriendo. No repitas la orden.
waiting-outbox-why = El relevo: { $why }

## Errores
error-line = No se hizo: { $message }
error-link-not-a-link = aquí no hay ningún enlace de Campana: copia el enlace entero o escanea el código otra vez
error-link-bare = esto es una dirección sin invitación: falta la parte a partir de #. Copia el enlace entero; en una terminal, entre comillas
error-link-damaged = el enlace se alteró en el camino: cópialo otra vez o escanea el código
error-link-cut-short = falta una parte del enlace: copia el enlace entero o escanea el código otra vez
error-link-no-address = falta el principio del enlace, la dirección del servidor: copia el enlace entero
error-link-other-kind = este enlace es del otro tipo: «start» recibe la invitación de un servidor, «join» la invitación a una red
error-link-several = aquí hay dos enlaces distintos: copia solo uno
error-already-in-a-network = este aparato ya es de una red: usa otro --store para otra red
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
error-clock-off = el reloj de este dispositivo y el del relevo difieren en más de cinco minutos: ajústalo y firma otra vez
error-own-report = quien reportó no puede verificar su propio reporte
error-already-done = esto ya se hizo
error-not-an-alert = solo una alerta verificada se puede cerrar
error-bug = falla interna: nada cambió; por favor repórtala
error-invitation-refused = el relevo no aceptó la invitación del operador: ya se usó, venció o no es suya. Pide una nueva al operador
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
error-not-a-push = no es lo que el relevo envía: da la notificación descifrada por la entrada estándar
error-endpoint-refused = no se pudieron activar las alertas: el relevo no envía a ese servidor (quien lo opera debe permitirlo con --push-host), o el servicio de notificaciones dio de baja la dirección
error-watch-running = otro «campana watch» corre sobre este almacén: uno a la vez, para que nada se muestre dos veces

alerts-unavailable = Alertas: el servidor no las envía
alerts-unsupported = Alertas: no es posible aquí
alerts-needs-install = Alertas: primero instala la aplicación
alerts-blocked = Alertas: las notificaciones no están permitidas
alerts-off = Alertas: desactivadas
alerts-turning-on = Alertas: activándose
alerts-stopped = Alertas: DETENIDAS, actívalas otra vez
push-key = La clave del relevo para suscripciones (VAPID): { $key }
alerts-refused = Alertas: activadas, pero el servicio de notificaciones rechazó la última alerta o prueba para este aparato: pide una prueba, o desactívalas y actívalas
alerts-untested = Alertas: activadas, nunca probadas
alerts-unproved = Alertas: activadas, nada ha llegado en tres días
alerts-on = Alertas: activadas y funcionando
oncall-off = Reportes: este dispositivo no recibe avisos
oncall-on-call = Reportes: de guardia
oncall-cover = Reportes: cobertura
oncall-count = { $n } de guardia ahora; { $proved } de sus teléfonos han demostrado en tres días que suenan
oncall-cost = El servicio de notificaciones puede ver que este dispositivo recibe más avisos que otros.
status-reach = { $registered } de { $members } teléfonos tienen las alertas activadas; { $proved } mostraron en los últimos tres días que funcionan
error-alerts-off = las alertas no están activadas: actívalas primero
