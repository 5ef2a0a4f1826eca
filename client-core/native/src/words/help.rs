//! The help in Spanish. The English stands beside the options, and is the key.

use clap::Command;

use super::Language;

const LONG: &str = "Códigos de salida: 0 hecho; 1 rechazado; 2 orden mal escrita; 3 aceptado y en espera en la bandeja de \
     salida (no la repitas); 4 el almacén o la configuración; 5 se muestra lo que este aparato sabe, que quizá no es todo.";

const TEMPLATE: &str = "{before-help}{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}";

const SPANISH: &[(&str, &str)] = &[
    (
        "An end-to-end encrypted alert network, from a terminal",
        "Una red de alertas cifrada de extremo a extremo, desde una terminal",
    ),
    (
        "This device's store; one directory is one device. Default: ~/.campana",
        "El almacén de este aparato; un directorio es un aparato. Por omisión: ~/.campana",
    ),
    (
        "One JSON object per line, for scripts. Errors too, on standard error",
        "Un objeto JSON por línea, para programas. También los errores, por la salida de errores",
    ),
    ("Language. Default: the system's", "Idioma. Por omisión: el del sistema"),
    (
        "Seconds to wait until what was asked for has happened",
        "Segundos que se espera hasta que ocurra lo pedido",
    ),
    ("Leave it in the outbox, don't connect", "Dejarlo en la bandeja de salida, sin conectar"),
    (
        "File with further certificate authorities (PEM), such as your network's own",
        "Archivo con más autoridades de certificación (PEM), como la de tu red",
    ),
    (
        "Proxy to the server: http://HOST:PORT, socks5h://HOST:PORT (Tor: socks5h://127.0.0.1:9050). Default: HTTPS_PROXY, ALL_PROXY and NO_PROXY",
        "Proxy hacia el servidor: http://HOST:PORT, socks5h://HOST:PORT (Tor: socks5h://127.0.0.1:9050). Por omisión: HTTPS_PROXY, ALL_PROXY y NO_PROXY",
    ),
    (
        "File with the passphrase that locks the store. Or set CAMPANA_PASSPHRASE",
        "Archivo con la frase que cierra el almacén. O define CAMPANA_PASSPHRASE",
    ),
    ("Start a network with an operator's link", "Empezar una red con el enlace de un operador"),
    ("The network's name", "El nombre de la red"),
    ("Committee devices (n), this one included", "Aparatos del comité (n), con este"),
    ("Committee signatures that a rule needs (k)", "Firmas del comité que necesita una regla (k)"),
    ("Confirmations that verify a report", "Confirmaciones que verifican un reporte"),
    (
        "The operator's link; - reads it from standard input",
        "El enlace del operador; - lo lee de la entrada estándar",
    ),
    ("Make, list or revoke invites", "Hacer, listar o anular invitaciones"),
    ("Hours until it expires", "Horas hasta que vence"),
    (
        "For another committee device, while founding",
        "Para otro aparato del comité, mientras se funda la red",
    ),
    ("Invites in force", "Invitaciones vigentes"),
    ("Refuse later requests with this invite", "Rechazar las solicitudes posteriores con esta invitación"),
    ("Its id, or the beginning", "Su identificador, o el comienzo"),
    ("Ask to join with an invite", "Pedir unirse con una invitación"),
    (
        "The invite's link; - reads it from standard input",
        "El enlace de la invitación; - lo lee de la entrada estándar",
    ),
    ("What the committee will call you", "Cómo te llamará el comité"),
    ("Stay until admitted (or --timeout)", "Quedarse hasta ser admitido (o hasta --timeout)"),
    ("Who waits and who is in (committee)", "Quién espera y quién está dentro (comité)"),
    ("Admit people who wait (committee)", "Admitir a quienes esperan (comité)"),
    (
        "Handles, or codes such as #7KQ2M-9D4TX. After --, any name: campana admit -- --json",
        "Nombres, o códigos como #7KQ2M-9D4TX. Después de --, cualquier nombre: campana admit -- --json",
    ),
    ("Everybody who waits", "Todas las personas que esperan"),
    ("Decline people who wait (committee)", "No admitir a quienes esperan (comité)"),
    ("Draft: somebody gets a role (committee)", "Borrador: alguien recibe una función (comité)"),
    ("A handle, or a code such as #7KQ2M-9D4TX", "Un nombre, o un código como #7KQ2M-9D4TX"),
    (
        "dispatcher, verifier or responder",
        "dispatcher (despacho), verifier (verificación) o responder (respuesta)",
    ),
    ("Draft: somebody loses a role (committee)", "Borrador: alguien deja una función (comité)"),
    ("Draft: somebody's membership ends (committee)", "Borrador: alguien queda fuera (comité)"),
    (
        "Draft: zones are added, renamed, retired (committee)",
        "Borrador: se añaden zonas, cambian de nombre o se retiran (comité)",
    ),
    (
        "Names of new zones; each gets the next number",
        "Nombres de zonas nuevas; cada una recibe el número siguiente",
    ),
    ("NUMBER=NAME: another name for the same place", "NÚMERO=NOMBRE: otro nombre para el mismo lugar"),
    (
        "Number of a zone that nobody shall choose any more; old reports keep its name",
        "Número de una zona que ya no se debe elegir; los reportes anteriores conservan su nombre",
    ),
    (
        "Number of a retired zone to choose from again",
        "Número de una zona retirada que se puede elegir otra vez",
    ),
    (
        "Draft: the hotline's telephone number, which members see at home and with each alert (committee)",
        "Borrador: el teléfono de la línea de emergencia, que cada miembro ve en el inicio y con cada alerta (comité)",
    ),
    ("As people write it, such as \"+1 413-555-0100\"", "Como se escribe, por ejemplo «+1 413-555-0100»"),
    ("There is none any more", "Ya no hay ninguno"),
    (
        "Draft: the network goes on under this version's rules; older apps stop until they are updated (committee)",
        "Borrador: la red sigue con las reglas de esta versión; las aplicaciones anteriores se detienen hasta que se actualicen (comité)",
    ),
    ("Drafts that wait for signatures (committee)", "Borradores que esperan firmas (comité)"),
    ("Sign drafts (committee)", "Firmar borradores (comité)"),
    ("Drafts' ids, or beginnings", "Identificadores de borradores, o sus comienzos"),
    ("Every draft this device has not signed", "Todo borrador que este aparato no ha firmado"),
    (
        "Withdraw an own draft, or take the own signature on another's back (committee)",
        "Retirar un borrador propio, o la propia firma de otro (comité)",
    ),
    ("The draft's id, or the beginning", "El identificador del borrador, o el comienzo"),
    ("Report what is seen", "Reportar lo que se ve"),
    ("What they are doing; may be repeated", "Qué hacen; se puede repetir"),
    ("How many agents", "Cuántos agentes"),
    ("What kind of place", "Qué clase de lugar"),
    ("Zone number (see status); 0: none", "Número de zona (mira status); 0: ninguna"),
    ("Markings; may be repeated", "Insignias; se puede repetir"),
    ("When", "Cuándo"),
    ("Equipment seen; may be repeated", "Qué llevan; se puede repetir"),
    (
        "Corner, landmark, what was seen. Only those who verify read it",
        "Esquina, punto conocido, lo visto. Solo lo leen quienes verifican",
    ),
    ("An exercise, and for ever", "Un ejercicio, para siempre"),
    (
        "Sign what was found about a report (verifiers)",
        "Firmar lo que se encontró sobre un reporte (verificación)",
    ),
    ("The incident's id, or the beginning", "El identificador del incidente, o el comienzo"),
    ("What was found", "Qué se encontró"),
    ("How it was checked", "Cómo se comprobó"),
    (
        "An alert was wrong: tell everybody who got it",
        "Una alerta fue un error: avisar a quienes la recibieron",
    ),
    ("It is over: tell everybody who got the alert", "Ya pasó: avisar a quienes recibieron la alerta"),
    ("Incidents on this device", "Incidentes en este aparato"),
    (
        "Alerts of this device: how they stand, turned on or off, tested",
        "Alertas de este aparato: cómo están, activarlas, desactivarlas, probarlas",
    ),
    ("Have pushes sent to a UnifiedPush endpoint", "Recibir notificaciones en una dirección de UnifiedPush"),
    (
        "The endpoint; the server's operator must allow its host",
        "La dirección; quien opera el servidor debe permitirla",
    ),
    (
        "The subscription's public key (p256dh), base64url",
        "La llave pública de la suscripción (p256dh), en base64url",
    ),
    ("Its authentication secret, base64url", "Su secreto de autenticación, en base64url"),
    (
        "Take in a push that arrived: what was decrypted of it, on standard input",
        "Tomar una notificación que llegó: lo descifrado, por la entrada estándar",
    ),
    ("No more pushes to this device", "No más notificaciones a este aparato"),
    ("Ask for one push to this device", "Pedir una notificación a este aparato"),
    ("Seconds to wait first", "Segundos que se espera antes"),
    (
        "Dismiss alerts that this device could not read, and warnings of forgeries and forks; a warning comes back with the next one",
        "Descartar alertas que este aparato no pudo leer, y avisos de falsificaciones y bifurcaciones; un aviso vuelve con el próximo",
    ),
    (
        "Whether this device is pushed to when a report comes (verifiers, dispatchers)",
        "Si este aparato recibe avisos cuando llega un reporte (verificación, despacho)",
    ),
    ("Pushes when a report comes", "Avisos cuando llega un reporte"),
    ("From this time of the day, UTC", "Desde esta hora del día, UTC"),
    ("To this one; the same: all day", "Hasta esta; la misma: todo el día"),
    (
        "The same pushes and others at random times, so that who is on call does not stand out",
        "Los mismos avisos y otros a horas al azar, para que no destaque quien está de guardia",
    ),
    ("No more of them", "Dejar de recibirlos"),
    ("Where this device stands", "Dónde está este aparato"),
    ("Stay connected and show what comes", "Quedarse en línea y mostrar lo que llega"),
    ("Ring the terminal's bell with each notice", "Sonar la campana de la terminal con cada aviso"),
    ("Seconds until a program of --exec is ended", "Segundos hasta que se detiene un programa de --exec"),
    (
        "Run this program, without a shell, for each notice, one after another; the notice comes as one JSON object on its standard input. Last: what follows are the program's own arguments",
        "Ejecutar este programa, sin intérprete, para cada aviso, uno tras otro; el aviso llega como un objeto JSON por su entrada estándar. Al final: lo que sigue son los argumentos del programa",
    ),
    (
        "Print what makes a shell complete commands: for bash, zsh or fish",
        "Imprimir lo que hace que un intérprete complete órdenes: para bash, zsh o fish",
    ),
    ("The shell", "El intérprete"),
    ("Write the manual pages into a directory", "Escribir las páginas del manual en un directorio"),
    ("Where to", "Adónde"),
    (
        "Leave the network: everything that this device keeps of it is erased",
        "Salir de la red: se borra todo lo que este aparato guarda de ella",
    ),
    ("Don't ask", "No preguntar"),
    (
        "Add, change or remove the passphrase that locks the store",
        "Poner, cambiar o quitar la frase que cierra el almacén",
    ),
    (
        "Add one, or change it (the old one is given as for any command)",
        "Poner una, o cambiarla (la anterior se da como en cualquier orden)",
    ),
    (
        "File with the new one; - reads it from standard input",
        "Archivo con la nueva; - la lee de la entrada estándar",
    ),
    ("Keep the store without one", "Guardar el almacén sin frase"),
];

fn spanish(english: &str) -> Option<&'static str> {
    SPANISH.iter().find(|(key, _)| *key == english).map(|(_, text)| *text)
}

/// The command line with its help in this language.
#[must_use]
pub fn speaking(command: Command, language: Language) -> Command {
    match language {
        Language::En => command,
        Language::Es => translated(command).after_long_help(LONG),
    }
}

fn translated(command: Command) -> Command {
    let about = command.get_about().and_then(|about| spanish(&about.to_string()));
    let command =
        command.help_template(TEMPLATE).subcommand_help_heading("Órdenes").disable_help_subcommand(true);
    let command = match about {
        Some(about) => command.about(about).long_about(None),
        None => command,
    };
    let command = command.mut_args(|argument| {
        let help = argument.get_help().and_then(|help| spanish(&help.to_string()));
        let heading = if argument.is_positional() { "Argumentos" } else { "Opciones" };
        match help {
            Some(help) => argument.help(help).long_help(None).help_heading(heading),
            None => argument.help_heading(heading),
        }
    });
    command.mut_subcommands(translated)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;

    fn check(command: &Command) {
        for text in
            command.get_about().into_iter().chain(command.get_arguments().filter_map(clap::Arg::get_help))
        {
            assert!(spanish(&text.to_string()).is_some(), "no Spanish: {text}");
        }
        command.get_subcommands().for_each(check);
    }

    #[test]
    fn all_help_is_there_in_spanish() {
        check(&command());
        let help = speaking(command(), Language::Es).render_long_help().to_string();
        for word in ["Uso: campana", "Órdenes:", "Opciones:", "Salir de la red", "Códigos de salida"] {
            assert!(help.contains(word), "{word}: {help}");
        }
    }
}
