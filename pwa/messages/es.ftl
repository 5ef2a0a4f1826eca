# Lo que dicen las pantallas, en español. Las mismas claves están en cada idioma.

app-name = Campana
app-about = Cuando hay una redada, gente de confianza la comprueba y toda tu red se entera. El servidor que está en medio no puede leer nada.
language-choose = Elige tu idioma
next = Seguir
back = Atrás
cancel = Cancelar
close = Cerrar
copy = Copiar
copied = Copiado
share = Compartir
retry = Intentar otra vez
more = Más detalles
loading = Abriendo …

## Enlaces
have-invite = Tengo una invitación
scan-code = Escanear un código
paste-link = Pegar un enlace
link-label = Enlace
camera-help = Apunta la cámara al código.
camera-none = Aquí no se puede usar la cámara. Mejor pega el enlace.
invite-ask = Necesitas una invitación de alguien de la red. Abre su enlace en este teléfono, escanea su código o pégalo aquí.

## Empezar una red
start-title = Empezar una red
start-name = Nombre de la red
start-name-help = Todos los que están en ella ven este nombre.
start-committee = El comité de trabajadores
start-committee-help = El comité decide quién verifica. Conviene que sean varios aparatos, para que ningún teléfono robado decida solo.
start-committee-one = Un aparato
start-committee-one-risk = Quien se lleve este único aparato tiene toda la red. Solo para probar.
start-committee-of = { $k } de { $n } aparatos
start-committee-of-help = { $n } aparatos; cada decisión necesita { $k } de ellos.
start-confirmations = ¿Cuántas confirmaciones hacen de un reporte una alerta?
start-go = Empezar
founding-title = Completa el comité
founding-help = { $name }: ya están { $here } de { $n } aparatos del comité. Muestra este código a las demás personas del comité y luego admítelas aquí abajo.
founding-wait = La red empieza cuando todos han firmado.

## Entrar
join-title = Entrar en { $name }
join-handle = ¿Cómo te va a llamar el comité?
join-handle-help = Esto solo lo ve el comité de trabajadores. Basta un nombre o un apodo.
join-go = Pedir entrar
joining-committee = Esta invitación es para el comité.
stage-waiting = Estás en la sala de espera
stage-waiting-help = El comité tiene tu solicitud y decide. Puedes cerrar la aplicación; sigue cuando la abras de nuevo.
stage-invite-expired = La invitación había vencido
stage-invite-revoked = La invitación fue retirada
stage-declined = No te admitieron
stage-removed = Ya no estás en esta red
stage-invitation-refused = El servidor no aceptó esta invitación
stage-ended-help = Pide un enlace nuevo a quien te invitó y ábrelo aquí.

## Inicio
home = Inicio
home-quiet = Sin alertas
home-quiet-help = Cuando quienes verifican confirman algo, aparece aquí.
home-earlier = Antes
home-more = Mostrar más antiguas
report-button = Reportar
unsent = { $n ->
    [one] Una cosa espera ser enviada
   *[other] { $n } cosas esperan ser enviadas
}
link-none = Sin conexión
link-offline = Sin conexión: lo que envías espera en este teléfono
link-connecting = Conectando …
link-online = En línea
catching-up = Poniéndose al día …
saving = Guardando …
update-ready = Hay una versión nueva.
update-go = Reiniciar

## Incidentes
status-waiting-to-send = Espera ser enviado
status-sent = Enviado; lo están comprobando
status-unverified = Sin verificar
status-not-confirmed = No confirmado
status-other-agency = Otra agencia
status-unverifiable = No se pudo comprobar
status-verified = Verificada
status-false-alarm = Falsa alarma
status-all-clear = Todo despejado
headline-verified = Alerta
headline-false-alarm = Falsa alarma: la alerta estaba equivocada
headline-all-clear = Todo despejado: ya terminó
drill = Simulacro
drill-help = Esto es un ejercicio. No está pasando nada.
verified-by = Verificada por { $n ->
    [one] una persona de tu red que verifica
   *[other] { $n } personas de tu red que verifican
}
verified-trust = Quienes verifican lo firmaron, y este teléfono comprobó sus firmas. El servidor no puede falsificarlo.
missing = { $n ->
    [one] Falta una confirmación
   *[other] Faltan { $n } confirmaciones
}
age-now = ahora mismo
age-minutes = hace { $n } min
age-hours = hace { $n } h
age-days = { $n ->
    [one] ayer
   *[other] hace { $n } días
}
zone-none = Sin zona
zone-number = Zona { $n }
words-of-reporter = En palabras de quien reporta
my-report = Tu reporte
how-checked = Cómo se comprobó
follow-up-title = ¿Ya terminó, o estaba equivocada?
conduct = Mantén la calma y la distancia, graba a la vista, no toques a nadie ni bloquees nada.

## Reportar
report-what = ¿Qué ves?
report-where = ¿Dónde?
report-send = Enviar
report-check = A quienes verifican
report-hold = Mantén presionado para enviar
report-hold-asked = Presiona aquí para enviar
report-hold-cannot = No puedo mantener presionado
report-held = Sigue presionando …
report-words = En tus palabras (solo lo leen quienes verifican)
report-words-help = Por ejemplo: el portón de la calle del Río, dos camionetas blancas.
report-drill = Practicar: un simulacro
report-drill-what = Simulacro: ¿qué están haciendo?
report-done = Enviado a quienes verifican
report-done-waiting = Guardado. Se envía en cuanto haya conexión.
report-done-help = Aquí te enteras cuando lo hayan comprobado.
report-how-many = ¿Cuántos agentes?
report-setting = ¿Qué clase de lugar?
report-units = ¿Qué dicen sus chalecos o vehículos?
report-when = ¿Cuándo?
report-equipment = ¿Qué llevan?

## Verificar
desk = Mesa
desk-none = Nada por verificar
desk-none-help = Cuando alguien reporta algo, aparece aquí.
desk-open = Por verificar
desk-closed = Comprobado
attest-what = ¿Qué encontraste?
attest-how = ¿Cómo lo comprobaste?
attest-done = Firmado y enviado
attest-mine = Firmaste: { $finding }

## Comité
committee = Comité
waiting-title = { $n ->
    [0] Nadie está esperando
    [one] Una persona está esperando
   *[other] { $n } personas están esperando
}
admit = Admitir
admit-all = Admitir a todas ({ $n })
decline = No admitir
people-title = Personas que conoce el comité
person-waiting = espera
person-admitting = entrando
person-member = en la red
person-declined = no admitida
person-removed = fuera
grant-role = Dar el papel de { $role }
revoke-role = Quitar el papel de { $role }
remove-person = Sacar de la red
remove-sure = ¿Sacar a { $name }? Desde ese momento no lee nada más.
drafts-title = Decisiones que esperan firmas
signatures = { $have } de { $need } firmas
sign = Firmar
signed = Ya firmaste
draft-grant = { $name }: recibe el papel de { $role }
draft-revoke = { $name }: deja el papel de { $role }
draft-remove = { $name } sale de la red
draft-zone-add = Zona nueva: { $name }
draft-zone-rename = La zona «{ $from }» se llama ahora «{ $name }»
draft-zone-retire = La zona «{ $name }» ya no se puede elegir
draft-zone-restore = La zona «{ $name }» se puede elegir otra vez
draft-zones-order = Las mismas zonas en otro orden
draft-constitute = El comité: { $what }
invite-title = Invitar
invite-help = Quien abra este enlace puede pedir entrar. Muéstralo solo a quienes quieras recibir.
invite-make = Hacer una invitación
invite-make-committee = Invitar un aparato del comité
invite-days = Vale por
invite-day = { $n ->
    [one] un día
   *[other] { $n } días
}
invite-active = Invitaciones que valen
invite-until = hasta { $date }
invite-revoke = Retirar
zones-title = Zonas
zones-help = Cámbiale aquí el nombre a un lugar. Uno retirado ya no se puede elegir, pero los reportes de antes conservan su nombre.
zones-add = Añadir una zona
zones-new = Nombre de la zona nueva
zones-retire = Retirar
zones-keep = Dejar
zones-retired = Zonas retiradas
zones-restore = Ofrecer otra vez «{ $name }»
zones-save = Proponer estas zonas
role-committee = comité
role-dispatcher = despacho
role-verifier = verificación
role-responder = respuesta
needs-more-signatures = Propuesto. Vale con { $n ->
    [one] una firma más
   *[other] { $n } firmas más
}.

## Yo
me = Yo
settings-language = Idioma
settings-theme = Aspecto
theme-system = Como el teléfono
theme-dark = Oscuro
theme-light = Claro
my-network = Mi red
network-members = Aparatos
network-committee = Comité
network-confirmations = Confirmaciones para una alerta
network-rules = Reglas
my-roles = Mis papeles
role-none = integrante
limits-title = Lo que esto no puede
limits-body = Quien tenga tu teléfono desbloqueado ve lo que tú ves. Alguien de confianza siempre puede contarlo. Una aplicación web depende del sitio que la sirve. Ten otra forma de avisar a tu gente.
install-title = Ponla en tu pantalla de inicio
install-neutral = Con un nombre y un icono neutros («Agenda»)
install-ios = En Safari: toca Compartir y luego Agregar a inicio. Desde entonces abre el icono nuevo.
install-android = En Chrome: toca ⋮ y luego Instalar aplicación. Desde entonces abre el icono nuevo.
install-desktop = En la barra de direcciones, elige Instalar.
install-in-app = Esta ventana es de otra aplicación. Primero elige ⋯ y Abrir en el navegador.

## Avisos
warning-clock-off = El reloj de este aparato tiene más de cinco minutos de diferencia. Ajústalo.
warning-rolled-back = Este aparato volvió a un estado anterior. Está entrando de nuevo por sí solo.
warning-behind = Este aparato estuvo ausente mucho tiempo. Está entrando de nuevo por sí solo; puede tardar unos minutos.
warning-forked = El servidor le mostró a este aparato otra cosa que a los demás. Avisa al comité y no confíes en este servidor.
warning-forged-alert = Algo se hizo pasar por alerta sin la firma de quienes verifican. No se muestra. Avisa al comité.
warning-single-committee = Un solo aparato lo decide todo. Si se pierde o se lo llevan, la red también.
warning-refused = El servidor ya no conoce este aparato. Pide una invitación nueva.
warning-update-needed = El servidor es más nuevo que esta aplicación. Reiníciala para actualizar.
warning-relay-full = El servidor no puede guardar nada ahora. Lo que envías espera en este aparato.

## Problemas
trouble-title = Algo lo impide
trouble-storage-full = Este teléfono no tiene más espacio. Borra otra cosa e intenta otra vez. No se perdió nada tuyo.
trouble-storage-cleared = El navegador borró lo que esta aplicación había guardado aquí. Pide una invitación nueva y entra otra vez; los demás no perdieron nada.
trouble-storage-newer = Aquí se usó una versión más nueva de esta aplicación. Cierra todas sus ventanas y ábrela de nuevo.
trouble-storage-damaged = Lo guardado aquí ya no se puede leer. Pide una invitación nueva y entra otra vez.
trouble-storage-refused = El navegador no deja que esta aplicación guarde nada. Sal de la navegación privada e intenta otra vez.
trouble-core-failed = La aplicación no pudo empezar. Revisa la conexión e intenta otra vez.
trouble-browser-too-old = Este navegador es demasiado viejo. Actualízalo o usa otro más nuevo.
start-again = Empezar de nuevo en este aparato
start-again-sure = Se borra todo lo que esta aplicación guardó aquí. ¿De verdad?

## El PIN
pin = PIN
pin-title = Bloquear la aplicación
pin-help = Con un PIN, quien te quite el teléfono no puede leer lo que hay en la aplicación. Lo pide al abrirla y tras cinco minutos sin usarla. Mientras está bloqueada, una alerta solo dice que llegó algo.
pin-new = PIN nuevo, seis cifras o más
pin-again = El mismo otra vez
pin-differ = No son iguales.
pin-set = Bloquear con este PIN
pin-is-set = La aplicación está bloqueada con un PIN.
pin-remove = Quitar el PIN
pin-wrong = No es ese.
pin-wait = Demasiados intentos. Espera { $n } s.
pin-forgotten = Ya no lo sé
pin-forgotten-help = Nadie puede abrir la aplicación sin él. Puedes empezar de nuevo en este aparato y entrar otra vez con una invitación nueva; los demás no pierden nada.
unlock-title = Escribe tu PIN
unlock = Abrir

## Errores
error-link-not-a-link = Eso no es un enlace de esta aplicación. Copia el enlace entero o escanea el código otra vez.
error-link-damaged = El enlace está incompleto. Copia el enlace entero o escanea el código otra vez.
error-already-in-a-network = Este aparato ya pertenece a una red.
error-not-in-a-network = Este aparato aún no pertenece a ninguna red.
error-not-admitted = Todavía no te han admitido.
error-not-committee = Esto solo lo puede hacer el comité.
error-not-constituted = Primero tienen que estar todos los aparatos del comité.
error-constituted = El comité está completo.
error-needs-role = No tienes el papel para esto.
error-bad-threshold = Estos números no cuadran.
error-bad-name = Un nombre necesita de 1 a 64 letras.
error-too-long = Es demasiado largo. Acórtalo.
error-unknown-person = Aquí no se conoce a esta persona.
error-unknown-invite = Aquí no se conoce esta invitación.
error-unknown-draft = Esto ya se decidió.
error-unknown-zone = Aquí no se conoce esta zona.
error-unknown-incident = Este incidente no está en este aparato.
error-own-report = Quien reportó no puede verificar el mismo reporte.
error-already-done = Eso ya está hecho.
error-not-an-alert = Solo a una alerta verificada se le da seguimiento.
error-bug = Algo salió mal y no se cambió nada. Intenta otra vez.
error-storage-full = Este teléfono no tiene más espacio. No se cambió nada.
error-unknown-id = Aquí no se conoce eso.
error-unknown-code = Aquí no se conoce eso. Actualiza la aplicación.

## Códigos
activity-watching = Vigilan
activity-knocking = Tocan puertas
activity-questioning = Interrogan a gente
activity-detaining = Detienen a gente
activity-loading = Suben a gente a vehículos
activity-checkpoint = Retén
activity-leaving = Se van
activity-gone = Ya se fueron
size-unknown = No sé
size-one = Un agente
size-2-5 = De 2 a 5 agentes
size-6-10 = De 6 a 10 agentes
size-over-10 = Más de 10 agentes
setting-unknown = No sé
setting-home = Casa
setting-work = Trabajo
setting-street = Calle
setting-court = Tribunal
setting-school = Escuela
setting-church = Iglesia
setting-car = Auto
unit-cannot-tell = No sé
unit-ice = ICE
unit-hsi = HSI
unit-cbp = CBP
unit-police = Policía
unit-marshals = Marshals
unit-none = Sin marcas
when-now = Ahora
when-minutes-ago = Hace minutos
when-hour-ago = Hace como una hora
when-earlier = Antes
equipment-weapons = Armas
equipment-masks = Máscaras
equipment-vehicles = Vehículos
equipment-tools = Herramientas
finding-confirmed = Confirmado
finding-nothing = No hay nada
finding-other-agency = Otra agencia
finding-cannot-tell = No se sabe
method-in-person = En persona
method-live-video = Video en vivo
method-photo-and-call = Foto y llamada
method-known-source = Fuente conocida
follow-up-false-alarm = Falsa alarma
follow-up-all-clear = Todo despejado

# Notificaciones y alertas de este teléfono
push-new = Nueva alerta de tu red
push-generic = Tu red tiene un aviso: abre la aplicación
push-nothing = Revisado: nada que te concierna
push-stopped = Tus alertas se detuvieron
push-stopped-help = Abre la aplicación para activarlas otra vez.
push-drill = ▲ SIMULACRO: un ejercicio de tu red
push-changed = Hay novedades sobre una alerta
push-open = Hay algo nuevo: abre la aplicación
push-cleared = Llegó algo que este teléfono no puede abrir
push-cleared-help = Se borraron sus datos. Abre la aplicación para volver a unirte.
push-test = Tus alertas funcionan
push-test-help = Esta fue la prueba que pediste.
alerts-title = Alertas en este teléfono
alerts-unavailable = El servidor de esta red no envía alertas a teléfonos bloqueados.
alerts-unsupported = Este navegador no puede sonar con la aplicación cerrada. Ten otra manera de enterarte.
alerts-needs-install = Primero pon la aplicación en tu pantalla de inicio y activa ahí las alertas.
alerts-blocked = Las notificaciones están bloqueadas para esta aplicación. Permítelas en los ajustes del navegador o del teléfono y vuelve.
alerts-off = Este teléfono todavía no suena.
alerts-turning-on = Activando…
alerts-stopped = Tus alertas se detuvieron.
alerts-untested = Activadas, pero nunca probadas.
alerts-unproved = Activadas, pero nada ha llegado en tres días.
alerts-on = Tus alertas están activadas.
alerts-proved = Última llegada: { $when }
alerts-turn-on = Activar alertas
alerts-mend = Activarlas otra vez
alerts-turn-off = Desactivar
alerts-test = Envíame una prueba
alerts-test-how = Después bloquea tu teléfono: la prueba llega en 10 segundos.
alerts-test-lock = Bloquea tu teléfono ahora. La prueba va en camino.
alerts-test-open = Llegó con la aplicación abierta. Prueba otra vez y bloquea tu teléfono.
alerts-test-done = Llegó. Tus alertas funcionan.
alerts-test-lost = La prueba no llegó. Revisa que el teléfono permita notificaciones de esta aplicación, también en «No molestar», y prueba otra vez.
alerts-content = Mostrar en la pantalla bloqueada lo que dice una alerta
alerts-content-help = Quien tome tu teléfono puede leerlo.
alerts-repeat = Sonar otra vez a los 30 s, 90 s y 3 min hasta que la abra
alerts-limits = El fabricante del teléfono sabe que esta aplicación está instalada y cuándo llega algo, nunca qué. «No molestar» y una batería vacía la callan: ten otra manera de enterarte.
coverage = { $phones } de { $members } teléfonos la tienen
reach = { $registered } de { $members } teléfonos tienen las alertas activadas
reach-unproved = { $n ->
    [one] uno de ellos no ha mostrado en tres días que suena
   *[other] { $n } de ellos no han mostrado en tres días que suenan
}
error-alerts-off = Las alertas no están activadas: actívalas primero.
