//! The sentences that are kept in English in the files of a run, a lab or a search, with which they are said again. The keys are
//! templates of the code, with their placeholders as they stand there. A placeholder without a name has its place as a name
//! here, where another order is needed.

use super::room::Room;

pub(super) const TEXTS: Room = &[
    (
        "This run was steered: it is comparable with a run of the same levels only, and {file} is not one.",
        "Cette exécution a été commandée\u{a0}: elle n’est comparable qu’à une exécution des mêmes paliers, et {file} n’en est pas une.",
    ),
    (
        "This run was ended by hand after {passed}: it is comparable with a run of the same length only, and {file} is not one.",
        "Cette exécution a été terminée à la main après {passed}\u{a0}: elle n’est comparable qu’à une exécution de la même durée, et {file} n’en est pas une.",
    ),
    (
        "No request succeeded, so there are no times of good answers.",
        "Aucune requête n’a réussi, il n’y a donc pas de temps de bonnes réponses.",
    ),
    (
        "Nothing was measured of {}: no request of it was due.",
        "Rien n’a été mesuré de {}\u{a0}: aucune de ses requêtes n’était due.",
    ),
    (
        "The certificate of the service was not checked (--insecure): it may have been somebody else who answered.",
        "Le certificat du service n’a pas été vérifié (--insecure)\u{a0}: il se peut que quelqu’un d’autre ait répondu.",
    ),
    ("no reason is known", "aucune raison n’est connue"),
    (
        "{} did not accept {failed} of {all} connections: {why}.",
        "{} n’a pas accepté {failed} connexions sur {all}\u{a0}: {why}.",
    ),
    (
        "Only {sent} of {wanted} journeys were made in the run time: give a longer --run-time.",
        "Seulement {sent} parcours sur {wanted} ont été faits pendant la durée\u{a0}: donnez une plus longue --run-time.",
    ),
    (
        "Only {sent} of {wanted} requests were sent in the run time: give a longer --run-time.",
        "Seules {sent} requêtes sur {wanted} ont été envoyées dans le temps imparti\u{a0}: donnez un --run-time plus long.",
    ),
    (
        "No request was answered or failed while the run was measured.",
        "Aucune requête n’a reçu de réponse ni échoué pendant la mesure.",
    ),
    (
        "Nothing was measured: no request was due after the warm-up, because {waiting} of it had no answer.",
        "Rien n’a été mesuré\u{a0}: aucune requête n’était due après l’échauffement, parce que {waiting} de celui-ci n’avaient pas de réponse.",
    ),
    (
        "Nothing was measured: no request was due after the warm-up.",
        "Rien n’a été mesuré\u{a0}: aucune requête n’était due après l’échauffement.",
    ),
    ("Nothing was measured: no request was due.", "Rien n’a été mesuré\u{a0}: aucune requête n’était due."),
    (
        "{redirects} of {answers} answers of {names} are redirects, which are not followed: what they point to was not tested.",
        "{redirects} réponses sur {answers} de {names} sont des redirections, qui ne sont pas suivies\u{a0}: ce vers quoi elles pointent n’a pas été testé.",
    ),
    ("{shown} and {} more routes", "{shown} et {} autres routes"),
    ("the generator used {:.2} of {} cores", "le générateur a utilisé {0} cœur sur {1}"),
    (
        "the machine had no processor time left and the generator used {share} of it",
        "la machine n’avait plus de temps processeur et le générateur en a utilisé {share}",
    ),
    ("its timers were {late:.0} ms late at p99", "ses minuteries avaient {late} ms de retard au p99"),
    (
        "it came {late:.0} ms late to requests that were due, at p99",
        "il est arrivé {late} ms en retard aux requêtes dues, au p99",
    ),
    (
        "its control group stopped it for {time} s in {periods} periods: give the container more processor time",
        "son groupe de contrôle l’a arrêté {time} s en {periods} périodes\u{a0}: donnez au conteneur plus de temps processeur",
    ),
    (
        "{count} requests failed because this machine had no file handle or local port left",
        "{count} requêtes ont échoué parce que cette machine n’avait plus de descripteur de fichier ou de port local",
    ),
    (
        ": there were too few file handles for more connections",
        "\u{a0}: il y avait trop peu de descripteurs de fichier pour plus de connexions",
    ),
    ("{count} requests that were due were never sent{why}", "{count} requêtes dues n’ont jamais été envoyées{why}"),
    ("it stood still for {}", "il s’est arrêté pendant {}"),
    (
        "{stood_still}, and {touched} of {all} answers were touched by that ({share})",
        "{stood_still}, et {touched} réponses sur {all} en ont été touchées ({share})",
    ),
    (
        "{stood_still}, and the {name} of {of} is the time of an answer that was touched by that",
        "{stood_still}, et le {name} de {of} est le temps d’une réponse qui en a été touchée",
    ),
    (
        "{stood_still}, and the threshold {threshold} is judged by an answer that was touched by that",
        "{stood_still}, et le seuil {threshold} est jugé sur une réponse qui en a été touchée",
    ),
    (
        "{stood_still}, and the {name} of {of} is the time of a journey that was touched by that",
        "{stood_still}, et le {name} de {of} est le temps d’un parcours qui en a été touché",
    ),
    (
        "{stood_still}, and without that the threshold {threshold} would have another outcome",
        "{stood_still}, et sans cela le seuil {threshold} aurait une autre issue",
    ),
    ("all requests", "toutes les requêtes"),
    ("request of {method} {route}", "requête de {method} {route}"),
    (
        "{failures} of {due} journeys failed, and count as slower than all good ones",
        "{failures} parcours sur {due} ont échoué et comptent comme plus lents que tous les réussis",
    ),
    (
        "{lost} of {due} journeys came to no end, and count as slower than all others",
        "{lost} parcours sur {due} ne sont pas arrivés au bout et comptent comme plus lents que tous les autres",
    ),
    (
        "{failures} of {due} requests failed, and count as slower than all good answers",
        "{failures} requêtes sur {due} ont échoué, et comptent comme plus lentes que toutes les bonnes réponses",
    ),
    (
        "{lost} of {due} requests were never answered, and count as slower than all others",
        "{lost} requêtes sur {due} sont restées sans réponse, et comptent comme plus lentes que toutes les autres",
    ),
    ("nothing was measured: no {requests} was due", "rien n’a été mesuré\u{a0}: aucune {requests} n’était due"),
    (
        "nothing was measured: no {requests} had to meet a check",
        "rien n’a été mesuré\u{a0}: aucune {requests} n’avait à passer une vérification",
    ),
    (
        "nothing was measured: no {requests} was answered",
        "rien n’a été mesuré\u{a0}: aucune {requests} n’a reçu de réponse",
    ),
    ("nothing was measured: no {requests} succeeded", "rien n’a été mesuré\u{a0}: aucune {requests} n’a réussi"),
    ("database connections rose from {was} to {is}", "les connexions à la base de données ont monté de {was} à {is}"),
    ("p95 rose from {was} to {is} ms", "le p95 a monté de {was} à {is} ms"),
    (
        "this process may open at most {most} connections: raise the limit with `ulimit -n` to try up to {wanted}",
        "ce processus peut ouvrir au plus {most} connexions\u{a0}: relevez la limite avec `ulimit -n` pour essayer jusqu’à {wanted}",
    ),
    (
        "nothing was measured, because at {level} {unit} no request was due within {step}: measure each load longer with --limit-step, or start with more",
        "rien n’a été mesuré, parce qu’à {level} {unit} aucune requête n’était due en {step}\u{a0}: mesurez chaque charge plus longtemps avec --limit-step, ou commencez avec plus",
    ),
    ("nothing was measured", "rien n’a été mesuré"),
    (
        "no request was due: all users still waited for answers from before",
        "aucune requête n’était due\u{a0}: tous les utilisateurs attendaient encore des réponses d’avant",
    ),
    ("{} requests unanswered after {after}", "{} requêtes sans réponse après {after}"),
    (
        "{missed} requests never sent: the service kept all {users} connections busy",
        "{missed} requêtes jamais envoyées\u{a0}: le service occupait les {users} connexions",
    ),
    ("{share} of what was due was answered well", "{share} de ce qui était dû a reçu une bonne réponse"),
    (
        "after the last load the service did not answer one user again within {waited}",
        "après la dernière charge, le service n’a pas de nouveau répondu à un utilisateur en {waited}",
    ),
    (
        "{why}; the load generator stood still for {stood_still} of it, so this may not be the service's fault",
        "{why}; le générateur de charge s’est arrêté pendant {stood_still}, ce n’est donc peut-être pas la faute du service",
    ),
    (
        "{message:?}: the scenario asks for {variable} from {least} to {most}, and the service has not all of them; say how many it has with {option}COUNT.",
        "{message}\u{a0}: le scénario demande {variable} de {least} à {most}, et le service ne les a pas tous; dites combien il en a avec {option}COUNT.",
    ),
    ("the name {host} could not be resolved", "le nom {host} n’a pas pu être résolu"),
    ("connection refused", "connexion refusée"),
    ("no connection after {}", "pas de connexion après {}"),
    ("connection reset by the server", "connexion réinitialisée par le serveur"),
    ("connection closed by the server before it answered", "connexion fermée par le serveur avant sa réponse"),
    (
        "the head of the answer was cut short after {received} bytes",
        "l’en-tête de la réponse a été coupé après {received} octets",
    ),
    (
        "the idle connection was closed by the server before anything was sent",
        "la connexion au repos a été fermée par le serveur avant tout envoi",
    ),
    ("no answer after {}", "pas de réponse après {}"),
    (
        "the service sent bytes that answer no request, so this connection was given up",
        "le service a envoyé des octets qui ne répondent à aucune requête\u{a0}: cette connexion a été abandonnée",
    ),
    (
        "the server does not speak HTTP/2 on this port: leave --http2 out",
        "le serveur ne parle pas HTTP/2 sur ce port\u{a0}: n’écrivez pas --http2",
    ),
    (
        "the server does not speak HTTP/2: leave --http2 out",
        "le serveur ne parle pas HTTP/2\u{a0}: n’écrivez pas --http2",
    ),
    (
        "the server refused the request without processing it ({0})",
        "le serveur a refusé la requête sans la traiter ({0})",
    ),
    ("the server ended the connection ({0})", "le serveur a mis fin à la connexion ({0})"),
    ("the server reset the request ({0})", "le serveur a réinitialisé la requête ({0})"),
    ("the answer is not valid HTTP/2 ({0})", "la réponse n’est pas du HTTP/2 valable ({0})"),
    ("the request is not valid HTTP: {0}", "la requête n’est pas du HTTP valable\u{a0}: {0}"),
    ("the answer is larger than {}", "la réponse est plus grande que {}"),
    ("this machine has no more {what}", "cette machine n’a plus de {what}"),
    ("the answer is not valid HTTP: {why}", "la réponse n’est pas du HTTP valable\u{a0}: {why}"),
    (
        "{instance} was running before the window, but Prometheus first scraped it in the middle: what it did before is not counted.",
        "{instance} tournait avant l’intervalle, mais Prometheus ne l’a relevée qu’au milieu\u{a0}: ce qu’elle a fait avant n’est pas compté.",
    ),
    (
        "{instance} was not scraped after the end of the run: its last requests may be missing.",
        "{instance} n’a pas été relevée après la fin de l’exécution\u{a0}: ses dernières requêtes peuvent manquer.",
    ),
    ("Another scenario: {before} before, {after} after.", "Un autre scénario\u{a0}: {before} avant, {after} après."),
    ("The {side} run was interrupted before its end.", "La {side} exécution a été interrompue avant sa fin."),
    ("{what}: {} before, {} after.", "{what}\u{a0}: {1} avant, {2} après."),
    ("first", "première"),
    ("second", "seconde"),
    ("Another kind of load", "Une autre sorte de charge"),
    ("Another number of users", "Un autre nombre d’utilisateurs"),
    ("Another rate", "Un autre débit"),
    ("Another course of the load", "Un autre déroulement de la charge"),
    ("Another length", "Une autre durée"),
    ("Another mix of requests", "Un autre mélange de requêtes"),
    ("Requests for other products or users", "Des requêtes sur d’autres produits ou utilisateurs"),
    (
        "Prometheus at {url} has no data of the store between {from} and {to}: nothing with job=\"storemgr\" was scraped then; check that this Prometheus watches the store, and that both were running",
        "Prometheus à {url} n’a pas de données du magasin entre {from} et {to}\u{a0}: rien avec job=\"storemgr\" n’a été relevé alors; vérifiez que ce Prometheus observe le magasin, et que les deux tournaient",
    ),
    (
        "Prometheus at {url} has no data of the store between {from} and {to}: it asked {instances}, but none answered; `storemgr stack status` shows what is running",
        "Prometheus à {url} n’a pas de données du magasin entre {from} et {to}\u{a0}: il a demandé à {instances}, mais aucune n’a répondu; `storemgr stack status` montre ce qui tourne",
    ),
    ("starting", "démarrage"),
    ("stopping", "arrêt"),
    ("filling the store", "remplissage du magasin"),
    ("one request at a time", "une requête à la fois"),
    ("starting the killed server again", "redémarrage du serveur tué"),
    ("the primary could not be killed: {reason}", "le primaire n’a pas pu être tué\u{a0}: {reason}"),
    ("all servers together after the load: {reason}", "tous les serveurs ensemble après la charge\u{a0}: {reason}"),
    (
        "the orders of the database cannot be counted: {error}",
        "les commandes de la base de données ne peuvent pas être comptées\u{a0}: {error}",
    ),
    ("what Prometheus saw", "ce que Prometheus a vu"),
    ("{} users for {lasts}", "{} utilisateurs pendant {lasts}"),
    ("orders as fast as they are answered for {}", "des commandes aussi vite qu’on leur répond, pendant {}"),
    ("orders alone could not be measured: {reason}", "les commandes seules n’ont pas pu être mesurées\u{a0}: {reason}"),
    ("searching the number of users that are served correctly", "recherche du nombre d’utilisateurs bien servis"),
    ("waiting until what the load left has gone", "attente, jusqu’à ce que ce que la charge a laissé soit parti"),
    ("the run cannot be reported on: {error}", "il ne peut y avoir de rapport sur l’exécution\u{a0}: {error}"),
    (
        "{name}: {users} users without think time for {time}",
        "{name}\u{a0}: {users} utilisateurs sans temps de réflexion pendant {time}",
    ),
    ("{name}, one of them slow", "{name}, dont une lente"),
    ("one instance", "une instance"),
    (
        "the instances cannot be held to a share of a processor: {error}",
        "les instances ne peuvent pas être tenues à une part d’un processeur\u{a0}: {error}",
    ),
    ("orders written {writer}", "commandes écrites par {writer}"),
    ("an order of {} articles", "une commande de {} articles"),
    ("the store could not be filled: {error}", "le magasin n’a pas pu être rempli\u{a0}: {error}"),
    ("Redis could not be emptied: {error}", "Redis n’a pas pu être vidé\u{a0}: {error}"),
    ("the stack is gone again", "la pile n’est plus là"),
    ("{method} {path} alone was answered {}: {}", "{method} {path} seul a reçu la réponse {2}\u{a0}: {3}"),
    ("{method} {path} alone was not answered: {error}", "{method} {path} seul n’a pas reçu de réponse\u{a0}: {error}"),
    ("the database cannot be watched: {error}", "la base de données ne peut pas être observée\u{a0}: {error}"),
    (
        "{0:?} contains no comparison: write a threshold like 'p95<200ms', 'POST /orders:fail_ratio<1%' or 'rps>500'",
        "{0} ne contient aucune comparaison\u{a0}: écrivez un seuil comme 'p95<200ms', 'POST /orders:fail_ratio<1%' ou 'rps>500'",
    ),
    (
        "{0:?} compares with =, but only <, <=, > and >= are supported: write 'failures<1' for no failures",
        "{0} compare par =, alors que seuls <, <=, > et >= sont admis\u{a0}: écrivez 'failures<1' pour aucun échec",
    ),
    (
        "{0:?} cannot be compared: write one of p50, p95, p99.9 (any percentile), avg, min, max, fail_ratio, checks, rps, requests and failures",
        "{0} ne se compare pas\u{a0}: écrivez p50, p95, p99.9 (n’importe quel centile), avg, min, max, fail_ratio, checks, rps, requests ou failures",
    ),
    (
        "{answers}: stands before the figure and after the route: write '{route}:{answers}:{metric}'",
        "{answers}: se met avant la mesure et après la route\u{a0}: écrivez '{route}:{answers}:{metric}'",
    ),
    (
        "{metric} is a figure of good and failed requests together: write it without {answers}:",
        "{metric} porte sur les requêtes réussies et échouées ensemble\u{a0}: écrivez-le sans {answers}:",
    ),
    (
        "{limit:?} is not a limit for {metric}: write {like}",
        "{limit} n’est pas une limite pour {metric}\u{a0}: écrivez {like}",
    ),
    ("a time with its unit, like 200ms or 1.5s", "un temps avec son unité, comme 200ms ou 1.5s"),
    ("a number like 500", "un nombre comme 500"),
    ("{0:?} is more than 100 %: write 5% or 0.05", "{0} dépasse 100 %\u{a0}: écrivez 5% ou 0.05"),
    ("{0:?} is not a share: write 5% or 0.05", "{0} n’est pas une part\u{a0}: écrivez 5% ou 0.05"),
    ("{target} cannot be reached: {}", "{target} est injoignable\u{a0}: {1}"),
    ("{error}. Is the service running there?", "{error}. Le service y tourne-t-il?"),
    (
        "{users} users need {needed} file handles and this process may open {limit}: raise the limit with `ulimit -n {needed}`, or use fewer users",
        "{users} utilisateurs demandent {needed} descripteurs de fichier et ce processus peut en ouvrir {limit}\u{a0}: relevez la limite avec `ulimit -n {needed}`, ou prenez moins d’utilisateurs",
    ),
    (
        "the threshold {threshold:?} names no route of this run: the routes are {routes}",
        "le seuil {threshold} ne nomme aucune route de cette exécution\u{a0}: les routes sont {routes}",
    ),
    (
        "the threshold {threshold:?} compares checks, and {place} has none: give a task a check, or use fail_ratio",
        "le seuil {threshold} compare des vérifications, et {place} n’en a pas\u{a0}: donnez une vérification à une tâche, ou prenez fail_ratio",
    ),
    ("the scenario", "le scénario"),
    (
        "the threshold {threshold:?} can mean the {word} answers of all routes or the route named {word}: give the route another name",
        "le seuil {threshold} peut désigner les réponses {word} de toutes les routes ou la route nommée {word}\u{a0}: donnez un autre nom à la route",
    ),
    ("the load generator cannot start: {0}", "le générateur de charge ne peut pas démarrer\u{a0}: {0}"),
    ("the results cannot be written: {0}", "les résultats ne peuvent pas être écrits\u{a0}: {0}"),
    (
        "{path} cannot be compared with this run: {what} differs, {theirs} there and {ours} here",
        "{path} ne se compare pas à cette exécution\u{a0}: {what} diffère, {theirs} là-bas et {ours} ici",
    ),
    (
        "{path} does not contain {what}, which every file of `loadtest --json` has: make the run again",
        "{path} ne contient pas {what}, que tout fichier de `loadtest --json` contient\u{a0}: refaites l’exécution",
    ),
    (
        "{0} is the result of a run that was not completed: only complete runs are compared, so leave it out",
        "{0} est le résultat d’une exécution inachevée\u{a0}: seules des exécutions complètes se comparent, laissez-le donc de côté",
    ),
    (
        "{path} contains the same run as {before}: give each run once",
        "{path} contient la même exécution que {before}\u{a0}: donnez chaque exécution une fois",
    ),
    ("the host", "le service"),
    ("the kind of load", "la sorte de charge"),
    ("the number of users", "le nombre d’utilisateurs"),
    ("the rate", "le débit"),
    ("the course of the load", "le déroulement de la charge"),
    ("the length", "la durée"),
    ("the mix of requests", "le mélange de requêtes"),
    ("what requests ask for", "ce que les requêtes demandent"),
];
