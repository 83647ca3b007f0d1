//! What broke, and how it is known: causes, figures, cures.

use super::room::Room;

pub(super) const TEXTS: Room = &[
    ("requests without a good answer", "requêtes sans bonne réponse"),
    ("mean time of good answers, ms", "durée moyenne des bonnes réponses, ms"),
    ("99th percentile of good answers, ms", "99e percentile des bonnes réponses, ms"),
    ("good answers per second", "bonnes réponses par seconde"),
    ("most open connections of the database", "connexions ouvertes à la base, au plus"),
    ("connections opened per request", "connexions ouvertes par requête"),
    ("connections opened for each good answer", "connexions ouvertes pour chaque bonne réponse"),
    ("statements per request", "instructions par requête"),
    ("rows read per request", "lignes lues par requête"),
    ("time of statements per request, ms", "durée des instructions par requête, ms"),
    ("commits per request", "validations (COMMIT) par requête"),
    ("wait for rows per request, ms", "attente de lignes par requête, ms"),
    ("deadlocks per request", "interblocages par requête"),
    ("time of Redis per request, ms", "durée de Redis par requête, ms"),
    ("processors used by the service", "processeurs utilisés par le service"),
    ("times that it ran for each request of the same address", "exécutions pour chaque requête à la même adresse"),
    ("time of each run", "durée de chaque exécution"),
    ("share of the database's time", "part du temps de la base"),
    ("share of Redis's look-ups that found something", "part des recherches dans Redis qui ont trouvé quelque chose"),
    ("look-ups in Redis", "recherches dans Redis"),
    ("share of the running statements that were seen", "part des instructions vues en cours"),
    (
        "No expensive answer is computed again for each request.",
        "Aucune réponse coûteuse n’est recalculée à chaque requête.",
    ),
    (
        "{same} requests asked for the same answers again, each was computed by the database, and nobody asked Redis for a copy.",
        "{same} requêtes ont redemandé les mêmes réponses, chacune a été calculée par la base, et personne n’a demandé de copie à Redis.",
    ),
    (
        "{same} requests asked for the same answers again, and the database computed each anew.",
        "{same} requêtes ont redemandé les mêmes réponses, et la base a recalculé chacune.",
    ),
    (
        "keep the answer for a few seconds, in the process or in Redis, and let one request compute it while the others wait or get the last one; say how old an answer may be.",
        "garder la réponse quelques secondes, dans le processus ou dans Redis, et laisser une seule requête la calculer pendant que les autres attendent ou reçoivent la précédente; dire de quel âge une réponse peut être.",
    ),
    (
        "one computation per time to live instead of one per request; about {then} ms instead of {now} ms for an answer on average.",
        "un calcul par durée de vie au lieu d’un par requête; environ {then} ms au lieu de {now} ms par réponse en moyenne.",
    ),
    (
        "one computation per time to live instead of one per request.",
        "un calcul par durée de vie au lieu d’un par requête.",
    ),
    (
        "most connections that ran the same statement at the same time",
        "connexions qui exécutaient la même instruction en même temps, au plus",
    ),
    ("keys whose time to live ended", "clés arrivées en fin de vie"),
    ("99th percentile of good answers", "99e percentile des bonnes réponses"),
    ("median of good answers", "médiane des bonnes réponses"),
    ("Nobody asked Redis for a copy.", "Personne n’a demandé de copie à Redis."),
    (
        "Hardly any requests computed the same at the same time.",
        "Presque aucune requête n’a calculé la même chose en même temps.",
    ),
    (
        "The cache answers {hits} of the look-ups, but when a copy ends, up to {at_once} requests compute the same at the same time.",
        "Le cache répond à {hits} des recherches, mais lorsqu’une copie prend fin, jusqu’à {at_once} requêtes calculent la même chose en même temps.",
    ),
    (
        "let one request compute (a lock in the process, or SET … NX in Redis) while the others get the old copy or wait for the new one, and refresh a little before the end, at random.",
        "laisser une seule requête calculer (un verrou dans le processus, ou SET … NX dans Redis) pendant que les autres reçoivent l’ancienne copie ou attendent la nouvelle, et rafraîchir un peu avant la fin, au hasard.",
    ),
    (
        "one computation where now up to {at_once} run at the same time; the slowest answers come closer to the median.",
        "un calcul là où jusqu’à {at_once} se font maintenant en même temps; les réponses les plus lentes se rapprochent de la médiane.",
    ),
    ("commits per second", "validations (COMMIT) par seconde"),
    ("flushes of the logs per second", "écritures forcées des journaux par seconde"),
    ("time of a flush", "durée d’une écriture forcée"),
    ("share of the time in which the logs were flushed", "part du temps passée à forcer l’écriture des journaux"),
    ("share of commits in the time of statements", "part des validations dans la durée des instructions"),
    ("share of the running statements that were commits", "part des validations parmi les instructions en cours"),
    (
        "Commits took little of the time, or the disk had time to spare.",
        "Les validations ont pris peu de temps, ou le disque en avait de reste.",
    ),
    (
        "Orders wait for the disk: {commits} commits per second take {share} of the time of all statements.",
        "Les commandes attendent le disque\u{a0}: {commits} validations par seconde prennent {share} de la durée de toutes les instructions.",
    ),
    (
        "several orders in one transaction (group commit), or a disk that flushes faster; settings that flush less often lose acknowledged orders when the machine fails.",
        "plusieurs commandes dans une transaction (validation groupée), ou un disque qui écrit plus vite; les réglages qui forcent l’écriture moins souvent perdent des commandes confirmées quand la machine tombe.",
    ),
    (
        "one flush takes {flush} ms, so that orders committed one by one come to {most} per second at most; with n orders in a commit, n times as many.",
        "une écriture forcée dure {flush} ms, de sorte que des commandes validées une à une sont au plus {most} par seconde; avec n commandes par validation, n fois plus.",
    ),
    (
        "with n orders in a commit, n times as many orders per second, until something else is the limit.",
        "avec n commandes par validation, n fois plus de commandes par seconde, jusqu’à ce qu’autre chose soit la limite.",
    ),
    ("requests that failed for too many connections", "requêtes échouées pour trop de connexions"),
    ("connections that the database refused", "connexions refusées par la base"),
    ("connections open at the peak", "connexions ouvertes à la pointe"),
    ("connections allowed", "connexions permises"),
    ("mean number in use", "nombre moyen en usage"),
    ("No connection was refused.", "Aucune connexion n’a été refusée."),
    (
        "The database refused connections: it allows {limit} to the service, of which {open} were open at the peak, {busy} in use on average.",
        "La base a refusé des connexions\u{a0}: elle en permet {limit} au service, dont {open} étaient ouvertes à la pointe et {busy} en usage en moyenne.",
    ),
    (
        "{failed} requests failed because the database refused a connection. Whether its connections worked or were left open was not watched.",
        "{failed} requêtes ont échoué parce que la base a refusé une connexion. On n’a pas observé si ses connexions travaillaient ou avaient été laissées ouvertes.",
    ),
    (
        "pools whose sizes, added up over all instances and tools, stay below the limit; if the connections were busy, raise the limit (max_connections, or MAX_USER_CONNECTIONS of the account). A look at the list of connections (--observe) tells whether they were.",
        "des pools dont les tailles, additionnées sur toutes les instances et tous les outils, restent sous la limite; si les connexions étaient occupées, relever la limite (max_connections, ou MAX_USER_CONNECTIONS du compte). Un regard sur la liste des connexions (--observe) dit si elles l’étaient.",
    ),
    ("{failed} fewer failed requests.", "{failed} requêtes échouées de moins."),
    ("of these asleep", "dont endormies"),
    ("of these unused for two seconds or more", "dont inutilisées depuis deux secondes ou plus"),
    ("longest that one was asleep", "plus long sommeil de l’une d’elles"),
    ("mean number that ran a statement", "nombre moyen qui exécutait une instruction"),
    ("connections needed for the same requests", "connexions nécessaires aux mêmes requêtes"),
    (
        "Connections are used again, or not many of them are asleep.",
        "Les connexions resservent, ou peu d’entre elles sont endormies.",
    ),
    (" of {limit}", " sur {limit}"),
    (
        "{open}{of} connections of the database were open, and {asleep} of them did nothing, one for {longest} s: requests open connections and leave them behind. On average {running} ran a statement, so the database itself had little to do.",
        "{open}{of} connexions à la base étaient ouvertes, et {asleep} d’entre elles ne faisaient rien, l’une depuis {longest} s\u{a0}: les requêtes ouvrent des connexions et les abandonnent. En moyenne {running} exécutaient une instruction, donc la base elle-même avait peu à faire.",
    ),
    (
        "one pool of connections for the whole process, made once when it starts, from which each request takes a connection and gives it back, also after an error. More connections, fewer statements or another instance only move the moment of collapse.",
        "un seul pool de connexions pour tout le processus, créé une fois à son démarrage, où chaque requête prend une connexion et la rend, même après une erreur. Plus de connexions, moins d’instructions ou une autre instance ne font que déplacer le moment de l’effondrement.",
    ),
    (
        "by Little's law (requests per second times the time for which each needs a connection) {needed} connections are enough for these requests; no more refusals by the database.",
        "selon la loi de Little (requêtes par seconde fois la durée pendant laquelle chacune a besoin d’une connexion), {needed} connexions suffisent à ces requêtes; plus de refus de la base.",
    ),
    ("no more refusals by the database.", "plus de refus de la base."),
    ("requests that failed because of a deadlock", "requêtes échouées à cause d’un interblocage"),
    ("deadlocks", "interblocages"),
    ("There was no deadlock.", "Il n’y a pas eu d’interblocage."),
    (
        "The database ended {count} transactions because each waited for rows of the other, and {failed} requests failed of it.",
        "La base a mis fin à {count} transactions parce que chacune attendait des lignes de l’autre, et {failed} requêtes en ont échoué.",
    ),
    (
        "lock rows in one order everywhere (the articles of an order by their number), and repeat a transaction that was ended (error 1213) a few times.",
        "verrouiller les lignes partout dans le même ordre (les articles d’une commande par leur numéro), et répéter quelques fois une transaction qui a été interrompue (erreur 1213).",
    ),
    (
        "no more deadlocks where all lock in the same order; with repeating alone, the same number and no failed request.",
        "plus d’interblocage là où tous verrouillent dans le même ordre; avec la seule répétition, autant d’interblocages et aucune requête échouée.",
    ),
    ("requests that ended with 504", "requêtes terminées par 504"),
    ("median time of failed requests", "durée médiane des requêtes échouées"),
    ("Nothing in front of the service gave up (no 504).", "Rien devant le service n’a abandonné (aucun 504)."),
    (
        "{failed} requests ended with 504: what stands in front of the service waited for {time} ms and gave up, while the service may still work on them.",
        "{failed} requêtes se sont terminées par 504\u{a0}: ce qui se trouve devant le service a attendu {time} ms puis abandonné, alors que le service y travaille peut-être encore.",
    ),
    (
        "find what makes the service slow (--observe its database and its process); then time limits that grow outwards: the shortest in the service, a longer one in front of it, the longest in the client.",
        "trouver ce qui ralentit le service (--observe pour sa base et son processus); puis des délais qui croissent vers l’extérieur\u{a0}: le plus court dans le service, un plus long devant lui, le plus long chez le client.",
    ),
    (
        "answers that say why, instead of a 504, and no work on requests that nobody waits for.",
        "des réponses qui disent pourquoi, au lieu d’un 504, et aucun travail pour des requêtes que personne n’attend.",
    ),
    ("rows read each time", "lignes lues chaque fois"),
    ("rows given each time", "lignes rendues chaque fois"),
    ("times that it ran", "nombre d’exécutions"),
    (
        "Hardly any time went into statements that read many rows to give few.",
        "Presque aucun temps n’est allé à des instructions qui lisent beaucoup de lignes pour en rendre peu.",
    ),
    (
        "A statement reads {rows} rows each time to give {given}, {runs} times in this run ({time} ms each): {share} of the database's time goes into such reading.",
        "Une instruction lit chaque fois {rows} lignes pour en rendre {given}, {runs} fois dans cette exécution ({time} ms chacune)\u{a0}: {share} du temps de la base passe à de telles lectures.",
    ),
    (
        "The database reads {rows} rows per request, and {share} of the statements that were seen running only read.",
        "La base lit {rows} lignes par requête, et {share} des instructions vues en cours ne font que lire.",
    ),
    (
        "an index that fits the condition and the order of the statement; for sums over a whole history, totals that are kept up to date with each change; a cache only hides it for as long as it lasts.",
        "un index qui convient à la condition et à l’ordre de l’instruction; pour des sommes sur tout un historique, des totaux tenus à jour à chaque changement; un cache ne fait que le cacher le temps qu’il dure.",
    ),
    (
        "hardly any rows per request, and about {then} ms instead of {now} ms for an answer on average.",
        "presque aucune ligne par requête, et environ {then} ms au lieu de {now} ms par réponse en moyenne.",
    ),
    ("hardly any rows per request.", "presque aucune ligne par requête."),
    ("processors used by the load generator", "processeurs utilisés par le générateur de charge"),
    ("processors that it may use", "processeurs qu’il peut utiliser"),
    ("how late its timers were, 99th percentile", "retard de ses minuteries, 99e percentile"),
    ("The load generator had time to spare.", "Le générateur de charge avait du temps de reste."),
    (
        "The load generator was the bottleneck, so that these are not the figures of the service: {reasons}.",
        "Le générateur de charge était le goulot, donc ces chiffres ne sont pas ceux du service\u{a0}: {reasons}.",
    ),
    (
        "less load, or the load generator on a machine of its own.",
        "moins de charge, ou le générateur de charge sur une machine à lui.",
    ),
    (
        "figures that can be trusted; what breaks the service is seen only then.",
        "des chiffres fiables; ce qui fait tomber le service ne se voit qu’alors.",
    ),
    ("requests that failed because rows were held", "requêtes échouées parce que des lignes étaient retenues"),
    ("waits for a row", "attentes d’une ligne"),
    ("time of all these waits", "durée de toutes ces attentes"),
    ("longest wait that was seen", "plus longue attente observée"),
    ("longest that the holder's transaction was open", "plus longue ouverture de la transaction qui retenait"),
    (
        "longest that a transaction was open and did nothing",
        "plus longue ouverture d’une transaction qui ne faisait rien",
    ),
    ("Requests hardly waited for rows.", "Les requêtes n’ont guère attendu de lignes."),
    (
        "Requests waited for rows that other transactions held; one transaction was open for {idle} s while its connection did nothing. {failed} requests failed because of held rows, and all waits took {waited} ms together.",
        "Des requêtes ont attendu des lignes que retenaient d’autres transactions; l’une est restée ouverte {idle} s alors que sa connexion ne faisait rien. {failed} requêtes ont échoué à cause de lignes retenues, et toutes les attentes ont duré {waited} ms ensemble.",
    ),
    (
        "Requests waited for rows that other requests held: {waits} waits of {waited} ms together, and {failed} requests failed because of held rows.",
        "Des requêtes ont attendu des lignes que retenaient d’autres requêtes\u{a0}: {waits} attentes de {waited} ms ensemble, et {failed} requêtes ont échoué à cause de lignes retenues.",
    ),
    (
        "find who leaves a transaction open (a console, a job, a request that calls another service before it commits), and commit before anything slow; a limit on the server (idle_transaction_timeout on MariaDB) ends what is forgotten.",
        "trouver qui laisse une transaction ouverte (une console, une tâche, une requête qui appelle un autre service avant de valider), et valider avant tout ce qui est lent; une limite du serveur (idle_transaction_timeout sur MariaDB) met fin à ce qui est oublié.",
    ),
    (
        "shorter transactions that lock rows last and in the same order everywhere, several orders in one transaction, or the contended row divided into several.",
        "des transactions plus courtes qui verrouillent en dernier et partout dans le même ordre, plusieurs commandes dans une transaction, ou la ligne disputée divisée en plusieurs.",
    ),
    (
        "no wait for rows; about {then} ms instead of {now} ms for an answer on average.",
        "aucune attente de lignes; environ {then} ms au lieu de {now} ms par réponse en moyenne.",
    ),
    (
        "requests to which nobody answered (refused, cut off or 502)",
        "requêtes auxquelles personne n’a répondu (refusées, coupées ou 502)",
    ),
    ("processes of the service that ended", "processus du service qui ont pris fin"),
    (
        "Every process went on, and each request reached one.",
        "Chaque processus a continué, et chaque requête en a atteint un.",
    ),
    (
        "{ended} processes of the service ended while the load lasted, and {failed} requests were lost with them.",
        "{ended} processus du service ont pris fin pendant la charge, et {failed} requêtes se sont perdues avec eux.",
    ),
    (
        "{failed} requests reached no process of the service: their connections were refused or cut off, or what stands in front answered 502.",
        "{failed} requêtes n’ont atteint aucun processus du service\u{a0}: leurs connexions ont été refusées ou coupées, ou ce qui se trouve devant a répondu 502.",
    ),
    (
        "look at the end of its log and at the system's (out of memory, a crash, a limit of open files); let something start it again, and let what stands in front ask another instance instead.",
        "regarder la fin de son journal et celui du système (mémoire épuisée, panne, limite de fichiers ouverts); le faire redémarrer par quelque chose, et laisser ce qui se trouve devant s’adresser à une autre instance.",
    ),
    ("KEYS and SCAN per request", "KEYS et SCAN par requête"),
    ("keys walked over per request", "clés parcourues par requête"),
    ("share of Redis's time", "part du temps de Redis"),
    ("keys in Redis", "clés dans Redis"),
    ("time of these commands per request", "durée de ces commandes par requête"),
    ("Hardly any keys of Redis were walked over.", "Presque aucune clé de Redis n’a été parcourue."),
    (
        "Each request walks over {walked} keys of Redis on average; that takes {share} of its time, and it serves nobody else meanwhile.",
        "Chaque requête parcourt en moyenne {walked} clés de Redis; cela prend {share} de son temps, et il ne sert personne d’autre pendant ce temps.",
    ),
    (
        "ask for the key by its name; keep the names that belong together in a set of their own, or give them a version that is part of the name.",
        "demander la clé par son nom; tenir les noms qui vont ensemble dans un ensemble à eux, ou leur donner une version qui fait partie du nom.",
    ),
    (
        "{then} ms of Redis per request instead of {now} ms, however many keys there are.",
        "{then} ms de Redis par requête au lieu de {now} ms, quel que soit le nombre de clés.",
    ),
    ("processors used in its busiest second", "processeurs utilisés dans sa seconde la plus chargée"),
    (
        "busiest thread, running or waiting for a processor",
        "fil le plus occupé, en cours ou en attente d’un processeur",
    ),
    ("requests inside the service at the same time, on average", "requêtes dans le service au même moment, en moyenne"),
    ("processors of the machine", "processeurs de la machine"),
    ("processes and threads of the service", "processus et fils du service"),
    (
        "The service did not use up one processor, or it used more than one.",
        "Le service n’a pas épuisé un processeur, ou en a utilisé plus d’un.",
    ),
    (
        "The service may use one of the {machine} processors of the machine, and used {used} of it.",
        "Le service ne peut utiliser qu’un des {machine} processeurs de la machine, et en a utilisé {used}.",
    ),
    (
        "The service used {used} processors and never more than {peak}, of {machine} of the machine: its work is done by one thread, or under a lock that lets one thread work at a time.",
        "Le service a utilisé {used} processeurs et jamais plus de {peak}, sur les {machine} de la machine\u{a0}: son travail est fait par un seul fil, ou sous un verrou qui n’en laisse travailler qu’un à la fois.",
    ),
    (
        "as many processes as the machine has processors (workers of the application server, or instances behind a balancer), each with a pool of its own.",
        "autant de processus que la machine a de processeurs (travailleurs du serveur d’applications, ou instances derrière un répartiteur), chacun avec son propre pool.",
    ),
    (
        "by the utilization law, up to {then} good answers per second with one process more, instead of {now}.",
        "selon la loi d’utilisation, jusqu’à {then} bonnes réponses par seconde avec un processus de plus, au lieu de {now}.",
    ),
    ("requests that got no connection of the pool", "requêtes qui n’ont pas obtenu de connexion du pool"),
    ("users at the same time", "utilisateurs simultanés"),
    ("time for which a request needs a connection", "durée pendant laquelle une requête a besoin d’une connexion"),
    ("most requests per second that they can serve", "requêtes par seconde qu’elles peuvent servir, au plus"),
    ("Connections were free.", "Des connexions étaient libres."),
    (
        "The service keeps {open} connections to the database, of which {busy} were in use on average, and {users} users share them: requests wait for a connection.",
        "Le service garde {open} connexions à la base, dont {busy} en usage en moyenne, et {users} utilisateurs se les partagent\u{a0}: les requêtes attendent une connexion.",
    ),
    (
        "{failed} requests got no connection of the service's pool in time.",
        "{failed} requêtes n’ont pas obtenu à temps de connexion du pool du service.",
    ),
    (
        "first what makes a request hold its connection for long (slow statements, calls to others in the middle of a transaction); then a larger pool, as long as the database has processors to spare.",
        "d’abord ce qui fait qu’une requête garde longtemps sa connexion (instructions lentes, appels à d’autres au milieu d’une transaction); ensuite un pool plus grand, tant que la base a des processeurs de reste.",
    ),
    (
        "a request needs a connection for {held} ms, so that these can serve {most} requests per second at most; by Little's law the requests of this run need {needed}.",
        "une requête a besoin d’une connexion pendant {held} ms, de sorte que celles-ci servent au plus {most} requêtes par seconde; selon la loi de Little, les requêtes de cette exécution en demandent {needed}.",
    ),
    ("no more requests that wait in vain for a connection.", "plus de requêtes qui attendent en vain une connexion."),
    (
        "{count} causes were looked at and ruled out: `storemgr report --explain` says why, from the file of --json.",
        "{count} causes ont été examinées et écartées : `storemgr report --explain` dit pourquoi, à partir du fichier de --json.",
    ),
    ("share of the machine that was idle", "part de la machine qui était libre"),
    ("processors used by others", "processeurs utilisés par d’autres"),
    ("threads that waited for a processor, on average", "fils qui attendaient un processeur, en moyenne"),
    ("The machine had processors to spare.", "La machine avait des processeurs de reste."),
    ("Nobody waited long for a processor.", "Personne n’a attendu longtemps un processeur."),
    (
        "All {machine} processors were busy: {service} with the service, {database} with its database, {generator} with the load generator, {others} with others.",
        "Les {machine} processeurs étaient tous occupés\u{a0}: {service} par le service, {database} par sa base, {generator} par le générateur de charge, {others} par d’autres.",
    ),
    (
        "the load generator on another machine first; then less work per request, or more processors for whoever uses most of them.",
        "d’abord le générateur de charge sur une autre machine; ensuite moins de travail par requête, ou plus de processeurs pour qui en utilise le plus.",
    ),
    (
        "by the utilization law a request needs {each} ms of processors, so that this machine can serve {most} requests per second at most if it does nothing else.",
        "selon la loi d’utilisation, une requête demande {each} ms de processeur, de sorte que cette machine sert au plus {most} requêtes par seconde si elle ne fait rien d’autre.",
    ),
    ("times that it ran for each order or request", "exécutions pour chaque commande ou requête"),
    (
        "statements for each order or request that changes something",
        "instructions pour chaque commande ou requête qui change quelque chose",
    ),
    ("of these repetitions", "dont répétitions"),
    ("orders or requests that change something", "commandes ou requêtes qui changent quelque chose"),
    (
        "No statement ran again and again for the same order or request.",
        "Aucune instruction n’a été répétée pour la même commande ou requête.",
    ),
    (
        "For each order or request that changes something the database runs {statements} statements, {extra} of them repetitions: one of them runs {times} times, once for each article or row.",
        "Pour chaque commande ou requête qui change quelque chose, la base exécute {statements} instructions, dont {extra} répétitions\u{a0}: l’une d’elles s’exécute {times} fois, une fois par article ou par ligne.",
    ),
    (
        "one statement for all articles: read them with IN (…), write the lines with one INSERT of many rows, and change the stock with one statement.",
        "une seule instruction pour tous les articles\u{a0}: les lire avec IN (…), écrire les lignes par un seul INSERT de plusieurs rangées, et changer le stock par une seule instruction.",
    ),
    (
        "{fewer} statements per request instead of {now}, and about {then} ms instead of {mean} ms for an answer on average (statements run one after the other).",
        "{fewer} instructions par requête au lieu de {now}, et environ {then} ms au lieu de {mean} ms par réponse en moyenne (les instructions se suivent).",
    ),
    ("{extra} statements fewer for each order.", "{extra} instructions de moins pour chaque commande."),
    ("requests that were refused", "requêtes refusées"),
    ("share of all requests", "part de toutes les requêtes"),
    (
        "No request was refused with 429, or 503 and a sentence that says so.",
        "Aucune requête n’a été refusée par 429, ou par 503 avec une phrase qui le dit.",
    ),
    (
        "{refused} requests ({share}) were refused on purpose: there were more than can be served in time. The others were served, {good} per second.",
        "{refused} requêtes ({share}) ont été refusées exprès\u{a0}: il y en avait plus qu’on n’en peut servir à temps. Les autres ont été servies, {good} par seconde.",
    ),
    (
        "less load, or a client that waits as long as Retry-After says and tries again; what limits the service is found with a load just below this one.",
        "moins de charge, ou un client qui attend le temps que dit Retry-After et recommence; ce qui limite le service se trouve avec une charge juste au-dessous de celle-ci.",
    ),
    (
        "no refusals below about {good} requests per second of this mix.",
        "pas de refus au-dessous d’environ {good} requêtes par seconde de ce mélange.",
    ),
    ("requests that the service did not want (4xx)", "requêtes dont le service n’a pas voulu (4xx)"),
    ("The service wanted every request (no 4xx).", "Le service a voulu de chaque requête (aucun 4xx)."),
    (
        "The service did not want {failed} requests ({share} of all): the scenario asks for what it does not have. Most often: {said}.",
        "Le service n’a pas voulu de {failed} requêtes ({share} de toutes)\u{a0}: le scénario demande ce qu’il n’a pas. Le plus souvent\u{a0}: {said}.",
    ),
    (
        "make the scenario fit the data (the numbers of products and users, enough stock, a valid token), or fill the service as the scenario expects; nothing is wrong with its speed.",
        "accorder le scénario aux données (numéros de produits et d’utilisateurs, stock suffisant, jeton valable), ou remplir le service comme le scénario l’attend; sa vitesse n’est pas en cause.",
    ),
    ("mean time of good answers", "durée moyenne des bonnes réponses"),
    ("time of statements per request", "durée des instructions par requête"),
    ("time of the service's processors per request", "temps de processeur du service par requête"),
    ("time of Redis per request", "durée de Redis par requête"),
    ("time per request that is spent elsewhere", "temps par requête passé ailleurs"),
    (
        "connections of the database that waited inside a transaction, on average",
        "connexions à la base qui attendaient dans une transaction, en moyenne",
    ),
    (
        "Requests waited for the processors of the service itself.",
        "Les requêtes attendaient les processeurs du service lui-même.",
    ),
    (
        "Answers were quick, or their time went into what was watched.",
        "Les réponses étaient rapides, ou leur temps est allé à ce qui était observé.",
    ),
    (
        "An answer takes {mean} ms on average, but the database works on it for {database} ms and the processors of the service for {processor} ms: {rest} ms are spent waiting for something else.",
        "Une réponse dure {mean} ms en moyenne, mais la base y travaille {database} ms et les processeurs du service {processor} ms\u{a0}: {rest} ms se passent à attendre autre chose.",
    ),
    (
        "look at the way between the service and its database, and at what a request does while its transaction is open: connections wait inside transactions, and the database waits for the service. Fewer round trips help as much as a faster way.",
        "regarder le chemin entre le service et sa base, et ce que fait une requête pendant que sa transaction est ouverte\u{a0}: des connexions attendent dans des transactions, et la base attend le service. Moins d’allers-retours aident autant qu’un chemin plus rapide.",
    ),
    (
        "measure each call of the service to others (another service, a name server, a file, a queue of its own), put a time limit on it, and make it outside of the request where the answer does not need it.",
        "mesurer chaque appel du service à d’autres (un autre service, un serveur de noms, un fichier, une file à lui), lui donner un délai, et le faire hors de la requête là où la réponse n’en a pas besoin.",
    ),
    ("about {then} ms for an answer on average.", "environ {then} ms par réponse en moyenne."),
    ("Nothing broke, as far as was seen.", "Rien n’a cédé, pour autant qu’on l’ait vu."),
    (
        "{number}. {cause} ({certainty}, explains {share}). {sentence} Try: {attempt} Expect: {expect}",
        "{number}. {cause} ({certainty}, explique {share}). {sentence} À essayer\u{a0}: {attempt} À attendre\u{a0}: {expect}",
    ),
    ("certain", "certain"),
    ("likely", "probable"),
    ("possible", "possible"),
    ("Cause", "Cause"),
    ("What speaks for it", "Ce qui le montre"),
    ("Why not", "Pourquoi pas"),
    ("Looked at and ruled out", "Examiné et écarté"),
    (
        "Not seen: {what} ({why}). This would show it: {remedy}",
        "Non vu\u{a0}: {what} ({why}). Ceci le montrerait\u{a0}: {remedy}",
    ),
    ("Not looked at, without {option}: {causes}.", "Non examiné, sans {option}\u{a0}: {causes}."),
    (
        "Looking took {queries} questions of {time} ms together, {share} of the time, and {bytes}; reading the files of processes took {files} ms.",
        "Observer a demandé {queries} questions de {time} ms ensemble, {share} du temps, et {bytes}; lire les fichiers des processus a pris {files} ms.",
    ),
    ("Expected", "Attendu"),
    ("Off by", "Écart"),
    ("What the cure changed", "Ce que le remède a changé"),
    ("{share} of the requests got no good answer", "{share} des requêtes n’ont pas eu de bonne réponse"),
    ("Good answers took {time} ms on average", "Les bonnes réponses ont duré {time} ms en moyenne"),
    (
        "Nothing was watched: repeat the run with --observe for the database, Redis and the process of the service.",
        "Rien n’était observé\u{a0}: répéter l’exécution avec --observe pour la base, Redis et le processus du service.",
    ),
    (
        "Repeat the run with --observe for its database too, and look at the log of the service.",
        "Répéter l’exécution avec --observe pour sa base aussi, et regarder le journal du service.",
    ),
    (
        "Repeat the run with --observe pid:NUMBER for the process of the service too, and look at its log.",
        "Répéter l’exécution avec --observe pid:NUMÉRO pour le processus du service aussi, et regarder son journal.",
    ),
    (
        "Its database and its process show no cause: look at the log of the service at the time of the first failure.",
        "Sa base et son processus ne montrent aucune cause\u{a0}: regarder le journal du service au moment du premier échec.",
    ),
    (
        "{what}, and nothing that was seen explains it. {next}",
        "{what}, et rien de ce qui a été vu ne l’explique. {next}",
    ),
    ("What explains {name}", "Ce qui explique {name}"),
];
