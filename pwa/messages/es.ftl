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
share-failed = El teléfono no ha dicho que se compartió. Si no se envió nada, cópialo.
retry = Intentar otra vez
more = Más detalles
loading = Abriendo…

## Enlaces
have-invite = Tengo una invitación
scan-code = Escanear un código
paste-link = Pegar un enlace
link-label = Enlace
camera-help = Apunta la cámara al código.
camera-none = Aquí no se puede usar la cámara. Mejor pega el enlace.
invite-ask = Necesitas una invitación de alguien de la red. Abre el enlace en este teléfono, escanea el código o pega aquí el enlace.
scan-failed = No se pudo cargar el lector de códigos. Revisa la conexión o pega el enlace.
link-elsewhere = Esta invitación es de otro servidor
link-elsewhere-help = Aquí estás en { $here }; la invitación es de { $there }. Ábrela ahí.
link-open-there = Abrir { $there }
link-member = Este teléfono ya está en una red
link-member-help = No necesitas esta invitación en este teléfono. Para unirte a otra red, usa otro teléfono u otro navegador.
link-pending = Leyendo tu invitación…
link-kept = Llegaste con un enlace. Está guardado y se lee en un momento.
link-kept-join = Tienes una invitación a { $name }. Está guardada.
link-kept-operator = Tienes una invitación para iniciar una red. Está guardada.
link-wrong = Este enlace no lleva a ninguna parte
link-without = Seguir sin él
link-go-on = Seguir con ella
loading-slow = La conexión es lenta. Sigue sola; nada de lo que traías se pierde.
copy-failed = El navegador no dejó copiarlo. Selecciona este texto y cópialo.
in-app-title = Primero abre esto en tu navegador
in-app-first = Esta ventana es de otra aplicación. Lo que hagas aquí se puede perder con ella, y las alertas nunca suenan.
in-app-copy-help = O copia la invitación, abre Safari, Chrome o Firefox, y pégala donde van las direcciones.
in-app-anyway = Seguir aquí de todos modos
open-https = Abrir { $there } con https
language-failed = No se pudo cargar. Revisa la conexión e intenta otra vez.

## Empezar una red
start-title = Empezar una red
start-name = Nombre de la red
start-name-help = Todos los que están en ella ven este nombre.
start-name-needed = Escribe el nombre de la red.
start-committee = El comité de trabajadores
start-committee-help = El comité decide quién verifica. Conviene que sean varios aparatos, para que ningún teléfono robado decida solo.
start-committee-one = Un aparato
start-committee-one-risk = Quien se lleve este único aparato tiene toda la red. Solo para probar.
start-committee-of = { $k } de { $n } aparatos
start-committee-of-help = { $n } aparatos; cada decisión necesita { $k } de ellos.
start-confirmations = ¿Cuántas personas deben confirmar un reporte para que sea alerta?
start-go = Empezar
founding-title = Completa el comité
founding-help = { $name }: aparatos del comité, { $here } de { $n }. Muestra este código a las demás personas del comité y luego admítelas aquí abajo.
founding-wait = La red empieza cuando todos han firmado.

## Entrar
join-title = Unirte a { $name }
join-handle = ¿Cómo quieres que te llame el comité?
join-handle-help = Esto solo lo ve el comité de trabajadores. Basta un nombre o un apodo.
join-handle-needed = Escribe un nombre o un apodo.
join-go = Pedir unirme
joining-committee = Esta invitación es para el comité.
stage-waiting = Estás en la sala de espera
stage-waiting-help = El comité tiene tu solicitud y decide. Puedes cerrar la aplicación; sigue cuando la abras de nuevo.
my-code = Mi código
my-code-help = Dilo a alguien del comité, en persona o por teléfono: junto a tu nombre ve el mismo.
stage-invite-expired = La invitación venció
stage-invite-revoked = La invitación fue anulada
stage-declined = No te admitieron
stage-removed = Ya no estás en esta red
stage-invitation-refused = El servidor no aceptó esta invitación
stage-ended-help = Pide una invitación nueva a quien te invitó. Ábrela en este teléfono, o usa aquí el código o el enlace.
waiting-other = Usar otra invitación o dejar de esperar
waiting-leave = Dejar de esperar
waiting-leave-help = Este aparato olvida la invitación. El comité todavía verá tu solicitud.
rejoin = Volver a unirme

## Inicio
home = Inicio
home-quiet = Sin alertas
home-quiet-help = Cuando quienes verifican confirmen algo, aparecerá aquí.
home-known = Sin alertas hasta { $when }
home-known-help = Desde entonces este teléfono no ha recibido lo que tiene la red.
home-unknown = Todavía no se sabe si hay alertas
home-unknown-help = Este teléfono aún no ha recibido lo que tiene la red. Necesita conexión.
home-live-more = Más alertas
home-earlier = Anteriores
home-more = Mostrar más antiguas
report-button = Reportar
unsent = { $n ->
    [one] Falta enviar una cosa
   *[other] Faltan por enviar { $n } cosas
}
link-none = Sin conexión
link-offline = Sin conexión: lo que envías espera en este teléfono
link-connecting = Conectando…
link-online = En línea
catching-up = Poniéndose al día…
saving = Guardando…
update-ready = Hay una versión nueva.
update-go = Reiniciar

## Incidentes
status-waiting-to-send = Pendiente de enviar
status-sent = Enviado; lo están comprobando
status-unverified = Sin verificar
status-not-confirmed = No confirmado
status-other-agency = Otra agencia
status-unverifiable = No se pudo comprobar
status-verified = Verificada
status-false-alarm = Falsa alarma
status-all-clear = Alerta terminada
headline-verified = Alerta
headline-false-alarm = Falsa alarma: la alerta fue un error
headline-all-clear = Alerta terminada: ya pasó
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
fact-where = Dónde
fact-setting = Lugar
fact-size = Agentes
fact-when = Cuándo, según el reporte
fact-units = Marcas
fact-equipment = Llevan
incident-missing = Todavía no está aquí
incident-missing-help = Este teléfono aún no lo ha recibido. Aparecerá aquí por sí solo cuando haya conexión.
said-false-alarm = { $n ->
    [one] Una de las personas que verifican dice que fue un error.
   *[other] { $n } de las personas que verifican dicen que fue un error.
 } La alerta sigue en pie hasta que lo { $missing ->
    [one] diga { $missing } más
   *[other] digan { $missing } más
 }.
said-all-clear = { $n ->
    [one] Una de las personas que verifican dice que ya pasó.
   *[other] { $n } de las personas que verifican dicen que ya pasó.
 } La alerta sigue en pie hasta que lo { $missing ->
    [one] diga { $missing } más
   *[other] digan { $missing } más
 }.
said-mine = Dijiste: { $what }. Falta que otra persona también lo diga.
found-by = { $n ->
    [one] Una de las personas que verifican encontró: { $finding }
   *[other] { $n } de las personas que verifican encontraron: { $finding }
 }
follow-up-title = ¿Ya terminó o fue un error?
conduct = Mantén la calma y la distancia, graba abiertamente, no toques a nadie ni bloquees el paso.

## Reportar
report-what = ¿Qué ves?
report-where = ¿Dónde?
report-send = Enviar
report-check = ¿Enviar a quienes verifican?
report-hold = Mantén presionado para enviar
report-hold-asked = Presiona aquí para enviar
report-hold-cannot = No puedo mantener presionado
report-held = Sigue presionando…
report-words = En tus palabras (solo lo leen quienes verifican)
report-words-help = Por ejemplo: el portón de la calle del Río, dos camionetas blancas.
report-drill = Practicar: un simulacro
report-drill-what = Simulacro: ¿qué están haciendo?
report-done = Enviado a quienes verifican
report-done-waiting = Pendiente de enviar: sale en cuanto haya conexión
report-done-help = Aquí te avisamos cuando lo hayan comprobado.
report-how-many = ¿Cuántos agentes?
report-setting = ¿Qué clase de lugar?
report-units = ¿Qué dicen sus chalecos o vehículos?
report-when = ¿Cuándo?
report-equipment = ¿Qué llevan?

## Verificar
desk = Mesa
desk-none = Nada por verificar
desk-none-help = Cuando alguien reporte algo, aparecerá aquí.
desk-open = Por verificar
desk-closed = Comprobado
attest-what = ¿Qué encontraste?
attest-how = ¿Cómo lo comprobaste?
attest-done = Firmado
attest-disputed = Lo que encontraste no contó: el reloj de este teléfono estaba mal. Ajústalo y firma otra vez.
attest-change = Cambiar lo que encontraste
attest-mine = Firmaste: { $finding }

## Comité
committee = Comité
waiting-title = { $n ->
    [0] Nadie está esperando
    [one] Una persona está esperando
   *[other] { $n } personas están esperando
}
code-compare = Junto a cada nombre hay un código. Compáralo con el de su pantalla, en persona o por teléfono: un nombre solo no prueba nada.
namesake = Otra persona tiene este nombre. Compara el código.
admit = Admitir
admit-all = Admitir a todas ({ $n })
decline = No admitir
people-title = Personas que conoce el comité
person-waiting = espera
person-admitting = entrando
person-member = en la red
person-declined = no admitida
person-removed = fuera
grant-role = Dar la función de { $role }
revoke-role = Quitar la función de { $role }
remove-person = Sacar de la red
remove-sure = ¿Sacar a { $name }? Desde ese momento ya no podrá leer nada nuevo.
drafts-title = Decisiones que esperan firmas
signatures = { $have } de { $need } firmas
sign = Firmar
signed = Ya firmaste
draft-grant = { $name }: recibe la función de { $role }
draft-revoke = { $name }: deja la función de { $role }
draft-remove = { $name } sale de la red
draft-zone-add = Zona nueva: { $name }
draft-zone-rename = La zona «{ $from }» se llama ahora «{ $name }»
draft-zone-retire = La zona «{ $name }» ya no se puede elegir
draft-zone-restore = La zona «{ $name }» se puede elegir otra vez
draft-zones-order = Las mismas zonas en otro orden
draft-hotline = El número de la línea de emergencia es { $number }
draft-no-hotline = La línea de emergencia ya no tiene número
draft-rule = Reglas nuevas (número { $number }). Las aplicaciones anteriores se detienen hasta que se actualicen.
draft-unknown = Algo que solo conoce una aplicación más nueva. Actualiza esta aplicación antes de firmar.
draft-constitute = El comité: { $what }
draft-constitute-adds = Entra al comité: { $name }
draft-constitute-drops = Sale del comité: { $name }
draft-desk = Los reportes van a un buzón nuevo de la mesa
draft-by = Propuesto por { $name }
draft-withdraw = Retirar
draft-take-back = Retirar mi firma
invite-title = Invitar
invite-help = Quien abra este enlace puede pedir unirse. Muéstralo solo a quienes quieras recibir.
invite-make = Hacer una invitación
invite-make-committee = Invitar un aparato del comité
invite-code-failed = No se pudo dibujar el código. Comparte el enlace.
invite-days = Válida por
invite-day = { $n ->
    [one] un día
   *[other] { $n } días
}
invite-active = Invitaciones vigentes
invite-until = hasta { $date }
invite-revoke = Anular
zones-title = Zonas
zones-help = Aquí puedes cambiar el nombre de una zona. Una zona retirada ya no se puede elegir, pero los reportes anteriores conservan su nombre.
zones-add = Añadir una zona
zones-new = Nombre de la zona nueva
zones-retire = Retirar
zones-keep = Conservar
zones-retired = Zonas retiradas
zones-restore = Ofrecer otra vez «{ $name }»
zones-save = Proponer estas zonas
hotline-title = Línea de emergencia
hotline-help = Cada miembro ve este número y llama con un toque: cuando la app no puede ayudar, o cuando nadie ha abierto un reporte.
hotline-number = Número de teléfono
hotline-save = Proponer este número
hotline-call = Llamar a la línea de emergencia: { $number }
rules-title = Reglas de la red
rules-help = Esta aplicación trae reglas más estrictas que protegen las alertas. Propónlas cuando todas las personas hayan actualizado la aplicación: las anteriores pueden juzgar distinto una falsificación.
rules-raise = Proponer las reglas { $number }
role-committee = comité
role-dispatcher = despacho
role-verifier = verificación
role-responder = respuesta
needs-more-signatures = Propuesto. { $n ->
    [one] Falta una firma más.
   *[other] Faltan { $n } firmas más.
}

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
my-roles = Mis funciones
role-none = integrante
guide = Guía
guide-pictures = Con imágenes, y para imprimir
release-title = La versión de esta aplicación
release-help = La guía dice con qué comparar esto, y qué no prueba.
release-connect = Todavía no se sabe. Con conexión, cierra esto y ábrelo otra vez.
limits-title = Lo que esta aplicación no puede hacer
limits-untried = Todavía no se ha probado en teléfonos de verdad ni la ha auditado nadie de fuera.
limits-body = Quien tenga tu teléfono desbloqueado ve lo que tú ves. Alguien de confianza siempre puede contarlo. Una aplicación web depende del sitio que la sirve. Ten otra forma de avisar a tu gente.
install-title = Pon la aplicación en tu pantalla de inicio
install-neutral = Con un nombre y un icono neutros («Agenda»)
install-first = En este teléfono, primero pon la aplicación en la pantalla de inicio y únete ahí. Lo que haces en el navegador no pasa a ella, y las alertas solo suenan en ella.
install-copy = Copiar la invitación
install-copy-help = Al abrir el icono nuevo, elige «Pegar un enlace».
install-anyway = Seguir aquí, sin alertas
install-share-below = Toca Compartir, abajo en Safari.
install-share-above = Toca Compartir, arriba junto a la dirección.
install-add-home = Baja y toca «Agregar a inicio».
install-web-app = Deja activado «Abrir como app web».
install-safari = ¿No aparece? Abre esta página en Safari.
install-dots = Toca ⋮, arriba.
install-install = Toca «Instalar aplicación», no un simple acceso directo.
install-lines = Toca ☰, abajo.
install-add-page = Toca «Agregar página a» y luego «Pantalla de inicio».
install-battery = En los ajustes del teléfono, deja que use la batería sin restricciones.
install-firefox = Toca «Instalar» o «Agregar a la pantalla de inicio».
install-address-bar = Junto a la dirección, elige Instalar. Con Firefox no se puede: usa Chrome o Edge.
install-browser = Toca ⋯ y elige «Abrir en el navegador».
install-open = Desde entonces abre el icono nuevo.
install-alerts = Ahí activa las alertas y pide una prueba.

## Avisos
warning-clock-off = El reloj de este aparato tiene más de cinco minutos de diferencia. Ajústalo.
warning-rolled-back = Este aparato volvió a un estado anterior. Se está uniendo de nuevo por sí solo.
warning-behind = Este aparato estuvo ausente mucho tiempo. Se está uniendo de nuevo por sí solo; puede tardar unos minutos.
warning-forked = El servidor le mostró a este aparato otra cosa que a los demás. Avisa al comité y no confíes en este servidor.
warning-forged-alert = Algo se hizo pasar por alerta sin la firma de quienes verifican. No se muestra. Avisa al comité.
warning-single-committee = Un solo aparato lo decide todo. Si se pierde o se lo llevan, la red también.
warning-locked-out = Alguien dejó fuera del servidor a integrantes de la red, y el comité no decidió eso: uno de sus teléfonos, o el servidor, está en otras manos. Los teléfonos del comité lo arreglan por sí solos. Avisa al comité.
warning-owner-replaced = Alguien dejó fuera del servidor a este teléfono del comité, y el comité no decidió eso: otro de sus teléfonos, o el servidor, está en otras manos. Avisa al resto del comité.
warning-relay-restored = El servidor volvió a una copia anterior. Lo que perdió se está enviando otra vez, y los mensajes nuevos esperan hasta que un teléfono del comité tenga la aplicación abierta unos minutos. En el comité: abre ahora la aplicación. Si es urgente, llama por teléfono.
warning-log-lost = El servidor volvió a una copia anterior y siguió sin mensajes que este teléfono tenía. La red lo vuelve a admitir sin que hagas nada, y después envía otra vez sus propios mensajes de los últimos dos días. Si este aviso sigue un día después, díselo al comité: se perdió una decisión, y hay que tomarla otra vez desde un teléfono sin este aviso, o fundar la red de nuevo.
warning-refused = El servidor ya no conoce este aparato. Pide una invitación nueva.
warning-unread = Llegaron alertas que este teléfono no puede leer. Llama a la línea telefónica de tu red y pregunta qué dicen.
warning-astray = Este teléfono no puede seguir a los demás. Se está uniendo de nuevo por sí solo; hasta entonces no puede leer alertas. Llama a la línea telefónica de tu red.
unread-known = Ya lo sé
warning-update-needed = Esta aplicación es demasiado vieja para tu red o su servidor. Reiníciala para actualizar: hasta entonces pueden no llegar alertas.
warning-alert-refused = El servidor no acepta una alerta de este aparato. Se intenta otra vez. Avisa al comité.
suspicion = { $n ->
    [one] Visto una vez
   *[other] Visto { $n } veces
 }, la última { $when }, de { $who }.
suspicion-unknown = alguien desconocido, o el propio servidor
suspicion-dismiss = Descartar
warning-relay-full = El servidor no puede guardar nada ahora. Lo que envías espera en este aparato.

## Problemas
trouble-title = Hay un problema
trouble-storage-full = Este teléfono ya no tiene espacio. Borra otra cosa e intenta otra vez. No se perdió nada tuyo.
trouble-storage-cleared = El navegador borró lo que esta aplicación había guardado aquí. Pide una invitación nueva y únete otra vez; los demás no perdieron nada.
trouble-storage-newer = Aquí se usó una versión más nueva de esta aplicación. Cierra todas sus ventanas y ábrela de nuevo.
trouble-storage-damaged = Lo guardado aquí ya no se puede leer. Pide una invitación nueva y únete otra vez.
trouble-storage-refused = El navegador no deja que esta aplicación guarde nada. Sal de la navegación privada e intenta otra vez.
trouble-storage-silent = El almacenamiento del navegador no responde. Cierra la aplicación por completo, ábrela de nuevo y, si no ayuda, reinicia el teléfono.
trouble-needs-https = Esta página tiene que abrirse con https: sin él, el navegador no deja que la aplicación cifre ni guarde nada.
trouble-no-wasm = Este navegador no permite WebAssembly, y la aplicación lo necesita. El modo de aislamiento y los ajustes «más seguros» lo apagan: permítelo para esta página en los ajustes del navegador o usa otro navegador.
trouble-core-failed = La aplicación no pudo empezar. Revisa la conexión e intenta otra vez.
trouble-browser-too-old = Este navegador es demasiado viejo. Actualízalo o usa otro más nuevo.
start-again = Empezar de nuevo en este aparato
start-again-sure = Se borra todo lo que esta aplicación guardó aquí: tu lugar en la red, lo que recibiste, el PIN y tus ajustes. Solo se queda la aplicación misma. ¿De verdad?

## El PIN
pin = PIN
pin-title = Bloquear la aplicación
pin-help = Con un PIN, a quien te quite el teléfono le cuesta mucho más leer lo que hay aquí; con equipo especial, seis cifras se adivinan en un día. Más largo es mejor. Lo pide al abrirla y después de cinco minutos fuera de la pantalla. Mientras está bloqueada, una alerta solo dice que llegó algo.
pin-new = PIN nuevo, seis cifras o más
pin-again = El mismo otra vez
pin-differ = No son iguales.
pin-short = El PIN necesita seis cifras o más.
pin-needed = Escribe el PIN.
pin-set = Usar este PIN
pin-is-set = La aplicación pide un PIN al abrirse.
pin-remove = Quitar el PIN
pin-wrong = Ese no es el PIN.
pin-wait = Demasiados intentos. Espera { $n } s.
pin-forgotten = Olvidé mi PIN
pin-forgotten-help = Nadie puede abrir la aplicación sin él. Puedes empezar de nuevo en este aparato y unirte otra vez con una invitación nueva; los demás no pierden nada.
unlock-title = Escribe tu PIN
unlock-news = Llegó algo de tu red. Escribe tu PIN para verlo.
unlock = Abrir

## Errores
error-link-not-a-link = Aquí no hay ninguna invitación. Copia el enlace entero o escanea el código otra vez.
error-link-bare = Esto es una dirección sin invitación: falta lo que sigue al #. Pide el enlace entero o escanea el código.
error-link-damaged = Este enlace se alteró en el camino. Pídelo otra vez o escanea el código.
error-link-cut-short = Falta una parte de este enlace. Copia el enlace entero, pídelo otra vez o escanea el código.
error-link-no-address = Falta el principio de este enlace. Copia el enlace entero o escanea el código.
error-link-other-kind = Este enlace es de otro tipo. Pide una invitación.
error-link-several = Aquí hay dos enlaces distintos. Pega solo uno.
error-already-in-a-network = Este aparato ya pertenece a una red.
error-not-in-a-network = Este aparato aún no pertenece a ninguna red.
error-not-admitted = Todavía no te han admitido.
error-not-committee = Esto solo lo puede hacer el comité.
error-not-constituted = Primero tienen que estar todos los aparatos del comité.
error-constituted = El comité está completo.
error-needs-role = Tu función no permite hacer esto.
error-bad-threshold = Estos números no cuadran.
error-bad-name = Un nombre necesita de 1 a 64 letras.
error-too-long = Es demasiado largo. Acórtalo.
error-bad-telephone = Esto no es un número de teléfono: de 3 a 20 cifras, con espacios, -, ., ( o ) entre ellas.
error-unknown-person = Aquí no se conoce a esta persona.
error-unknown-invite = Aquí no se conoce esta invitación.
error-unknown-draft = Esto ya se decidió.
error-update-needed = Esto necesita una aplicación más nueva. Reiníciala para actualizar y vuelve a intentarlo.
error-draft-update-needed = Contiene algo que solo muestra una aplicación más nueva. Actualiza antes de firmar.
error-draft-desk = Este aparato no lo firma: mueve la mesa aunque nadie la deja, o adonde no leen quienes verifican.
error-draft-other-leaf = Este aparato no lo firma: nombra a una persona y saca el teléfono de otra.
error-draft-stranger = Este aparato no lo firma: nombra a alguien que no tiene en su lista.
error-not-signed = No has firmado esto.
error-unknown-zone = Aquí no se conoce esta zona.
error-unknown-incident = Este incidente no está en este aparato.
error-clock-off = El reloj de este teléfono está mal. Ajústalo, o confirma otra vez para firmar con la hora del servidor.
error-own-report = Quien reportó no puede verificar el mismo reporte.
error-already-done = Eso ya está hecho.
error-not-an-alert = Solo a una alerta verificada se le da seguimiento.
error-bug = Algo salió mal y no se cambió nada. Intenta otra vez.
error-storage-full = Este teléfono ya no tiene espacio. No se cambió nada.
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
unit-marshals = Alguaciles federales (Marshals)
unit-none = Sin marcas
when-now = Ahora
when-minutes-ago = Hace unos minutos
when-hour-ago = Hace como una hora
when-earlier = Hace más tiempo
equipment-weapons = Armas
equipment-masks = Caras tapadas
equipment-vehicles = Vehículos
equipment-tools = Herramientas
finding-confirmed = Confirmado
finding-nothing = No hay nada
finding-other-agency = Otra agencia
finding-cannot-tell = No pude saberlo
method-in-person = En persona
method-live-video = Video en vivo
method-photo-and-call = Foto y llamada
method-known-source = Fuente conocida
follow-up-false-alarm = Falsa alarma
follow-up-all-clear = Alerta terminada

# Notificaciones y alertas de este teléfono
push-new = Nueva alerta de tu red
push-generic = Tu red tiene un aviso: abre la aplicación
push-nothing = Revisado: nada que te concierna
push-stopped = Tus alertas se detuvieron
push-stopped-help = Abre la aplicación para activarlas otra vez.
push-drill = ▲ SIMULACRO: un ejercicio de tu red
push-changed = Hay novedades sobre una alerta
push-said-false-alarm = Una persona que verifica dice: fue un error
push-said-all-clear = Una persona que verifica dice: ya pasó
push-report = { $n ->
    [one] Un reporte espera
   *[other] { $n } reportes esperan
}
push-waiting = { $n ->
    [one] Algo de tu red te espera: abre la aplicación
   *[other] { $n } cosas de tu red te esperan: abre la aplicación
}
push-cleared = Llegó algo que este teléfono no puede abrir
push-cleared-help = Se borró lo que la aplicación guardaba. Ábrela para volver a unirte.
push-unread = Una alerta que este teléfono no puede leer
push-unread-help = Llama a la línea telefónica de tu red y pregunta qué dice. Abre la aplicación para que pueda unirse de nuevo.
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
alerts-unstarted = El navegador no inició la parte de esta aplicación que suena. Ciérrala del todo y vuelve a abrirla. Hasta que suene, ten otra forma de enterarte.
alerts-never = Las alertas no funcionan en este teléfono y, hasta donde se sabe, nunca sonaron: el servicio de notificaciones del navegador no lo ha aceptado. Los teléfonos sin servicios de Google a menudo no tienen ninguno. Prueba otro navegador, deja la aplicación abierta o ten otra manera de enterarte.
alerts-unanswered = El navegador no preguntó nada o no recibió respuesta. Busca una campana junto a la dirección, o permite las notificaciones de esta página en los ajustes del navegador; después intenta otra vez.
alerts-refused = Activadas, pero el servicio de notificaciones rechazó la última alerta o prueba para este teléfono, y no sonó. Envíate una prueba; si no llega, desactiva las alertas y actívalas otra vez.
alerts-untested = Activadas, pero nunca probadas.
alerts-unproved = Activadas, pero nada ha llegado en tres días.
alerts-on = Tus alertas están activadas.
alerts-proved = Última llegada: { $when }
alerts-brief = Alertas activadas · última prueba { $when }
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
oncall-title = Cuando llega un reporte
oncall-off = Este teléfono no suena por los reportes.
oncall-on-call = Estás de guardia: un reporte hace sonar este teléfono.
oncall-cover = Das cobertura: este teléfono recibe lo mismo que los demás, sin ruido.
oncall-waits = Activando…
oncall-from = Desde
oncall-to = Hasta
oncall-hours = Fuera de estas horas los reportes llegan sin ruido. La misma hora dos veces es todo el día.
oncall-go = Ponerme de guardia
oncall-go-cover = Dar cobertura
oncall-go-off = Dejar la guardia
oncall-cost = Lo que cuesta: el servicio de notificaciones puede ver que este teléfono recibe más avisos que otros, y quizá adivinar que tienes una tarea en la red. Ese servicio es de Google, Apple, Mozilla o Microsoft; nunca sabe qué dice un aviso.
oncall-cover-help = La cobertura oculta quién está de guardia: tu teléfono recibe los mismos avisos y otros a horas al azar, todos sin ruido.
oncall-pin = Esta aplicación tiene un PIN: mientras está bloqueada no puede mirar las horas, y cada aviso hace sonar este teléfono.
oncall-count = { $n ->
    [one] Una persona está de guardia ahora; teléfonos que han demostrado que suenan: { $proved }
   *[other] { $n } personas están de guardia ahora; teléfonos que han demostrado que suenan: { $proved }
}
oncall-nobody = Nadie está de guardia: ningún teléfono bloqueado suena cuando llega un reporte.
oncall-unproved = Nadie de guardia tiene un teléfono que haya demostrado en tres días que suena.
coverage = { $phones } de { $members } teléfonos la tienen
reach = { $registered } de { $members } teléfonos tienen las alertas activadas
reach-unproved = { $n ->
    [one] uno de ellos no ha mostrado en tres días que suena
   *[other] { $n } de ellos no han mostrado en tres días que suenan
}
error-alerts-off = Las alertas no están activadas: actívalas primero.
