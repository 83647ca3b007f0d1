//! The answers to the nine questions, and the glossary.

use super::room::Room;

pub(super) const TEXTS: Room = &[
    (
        "This was not measured here. `storemgr lab {options}` measures it, and with `--resume FOLDER` adds it to this lab.",
        "Cela n’a pas été mesuré ici. `storemgr lab {options}` le mesure et, avec `--resume FOLDER`, l’ajoute à ce laboratoire.",
    ),
    ("What does the report cache change?", "Que change le cache des rapports?"),
    ("{title}. {compared}", "{title}. {compared}"),
    (
        "The cache takes the reports away from the database, but an order needs a connection as before: the cache has not freed what is missing.",
        "Le cache décharge la base de données des rapports, mais une commande a toujours besoin d’une connexion\u{a0}: le cache n’a pas libéré ce qui manque.",
    ),
    ("Look-ups", "Consultations"),
    ("Hits", "Trouvés"),
    ("Misses", "Absents"),
    ("Hit rate", "Taux"),
    ("Stale", "Périmés"),
    ("Rows read", "Lignes lues"),
    (
        "The cache, as the store counted it, and the rows that the database read",
        "Le cache, tel que le magasin l’a compté, et les lignes que la base de données a lues",
    ),
    ("Report", "Rapport"),
    (
        "Reports: the share that failed, and how long good answers took, in milliseconds",
        "Rapports\u{a0}: la part d’échecs et la durée des bonnes réponses, en millisecondes",
    ),
    (
        "A load test answers a pipeline by its exit code: `storemgr loadtest --users 150 --threshold 'fail_ratio<1%' --threshold 'p95<500ms' --json run.json` ends with 99 if a threshold is crossed, and `--baseline` with the file of an earlier run tells whether a difference is more than noise. `storemgr deploy-check --before` finds a configuration that opens more connections than the database accepts before it is deployed.",
        "Un test de charge répond à un pipeline par son code de sortie\u{a0}: `storemgr loadtest --users 150 --threshold 'fail_ratio<1%' --threshold 'p95<500ms' --json run.json` se termine par 99 si un seuil est franchi, et `--baseline`, avec le fichier d’une exécution antérieure, dit si un écart dépasse le bruit. `storemgr deploy-check --before` trouve, avant le déploiement, une configuration qui ouvre plus de connexions que la base de données n’en accepte.",
    ),
    ("What ran", "Ce qui a tourné"),
    ("The nine questions of the lab", "Les neuf questions du laboratoire"),
    ("The pipeline", "Le pipeline"),
    ("Glossary", "Glossaire"),
    (
        "Which share of the requests of each endpoint fails?",
        "Quelle part des requêtes échoue pour chaque point d’accès?",
    ),
    ("{kind}: {failures} of {requests} ({share})", "{kind}\u{a0}: {failures} sur {requests} ({share})"),
    ("{title}. Failed requests: {kinds}.", "{title}. Requêtes échouées\u{a0}: {kinds}."),
    (
        "With what messages do requests fail, and what do they mean?",
        "Avec quels messages les requêtes échouent-elles, et que signifient-ils?",
    ),
    (
        "{title}. {share} of the failures say \"{message}\".",
        "{title}. {share} des échecs disent «\u{a0}{message}\u{a0}».",
    ),
    ("{title}. Nothing failed.", "{title}. Rien n’a échoué."),
    ("Failed requests by message", "Requêtes échouées par message"),
    ("Message", "Message"),
    ("Code", "Code"),
    ("What it means", "Ce que cela signifie"),
    (
        "A database connection that is open and runs no statement. In metrics: lingering if nobody can use it any more, idle if it waits in a pool.",
        "Connexions à la base de données ouvertes qui n’exécutent aucune instruction. Dans les métriques\u{a0}: lingering si plus personne ne peut s’en servir, idle si elles attendent dans un pool.",
    ),
    ("running", "actives"),
    (
        "A database connection that runs a statement at that moment.",
        "Connexions à la base de données qui exécutent une instruction à ce moment.",
    ),
    ("failed", "échouées"),
    (
        "A request whose status is 400 or more, that was not answered in full, or whose answer is not what the scenario expects.",
        "Requêtes dont le statut est de 400 ou plus, dont la réponse n’est pas arrivée en entier, ou n’est pas celle que le scénario attend.",
    ),
    ("refused", "refusées"),
    (
        "A connection that was not accepted: by the database, which has too many (1040), or by a port on which nobody listens.",
        "Connexions non acceptées\u{a0}: par la base de données, qui en a trop (1040), ou par un port où personne n’écoute.",
    ),
    ("rejected", "rejetées"),
    (
        "A request that was answered 4xx, because what it asks cannot be done: an unknown product, too little stock.",
        "Requêtes auxquelles on a répondu 4xx, parce que ce qu’elles demandent est impossible\u{a0}: produit inconnu, stock insuffisant.",
    ),
    ("shed", "délestées"),
    (
        "A request that was answered 503 overloaded at once, on purpose, because it could not have been served in time.",
        "Requêtes auxquelles on a répondu 503 overloaded aussitôt, exprès, parce qu’elles n’auraient pas pu être servies à temps.",
    ),
    ("knee", "coude"),
    (
        "The load from which response times rise faster than the rate of answers: beyond it, more users only wait longer.",
        "Charge à partir de laquelle les temps de réponse montent plus vite que le débit\u{a0}: au-delà, plus d’utilisateurs ne font qu’attendre plus longtemps.",
    ),
    (
        "All connections of the database are taken. It does not say by whom: look whether they are asleep or running.",
        "Toutes les connexions de la base de données sont prises. Le message ne dit pas par qui\u{a0}: regardez si elles sont endormies ou actives.",
    ),
    (
        "The pool of the service has no free connection: it is too small, or a request does not give its own back.",
        "Le pool du service n’a plus de connexion libre\u{a0}: il est trop petit, ou une requête ne rend pas la sienne.",
    ),
    (
        "Another transaction holds the same rows: many orders of one product, or one that was never ended.",
        "Une autre transaction tient les mêmes lignes\u{a0}: beaucoup de commandes d’un même produit, ou une transaction jamais terminée.",
    ),
    (
        "The service accepted the request and did not answer in time: it waits for something that it does not get.",
        "Le service a accepté la requête et n’a pas répondu à temps\u{a0}: il attend quelque chose qu’il n’obtient pas.",
    ),
    (
        "No process listens, or it ended or gave up while it answered: look at its log and whether it restarted.",
        "Aucun processus n’écoute, ou il s’est terminé ou a renoncé pendant sa réponse\u{a0}: regardez son journal, et s’il a redémarré.",
    ),
    (
        "The service had an error that it did not expect, often one of those above that nobody handled: its log has the reason.",
        "Le service a rencontré une erreur imprévue, souvent l’une de celles ci-dessus que personne n’a traitée\u{a0}: son journal en donne la raison.",
    ),
    ("Word", "Mot"),
    ("What do two instances behind nginx change?", "Que changent deux instances derrière nginx?"),
    (
        "One instance used {before} processors, two together {now}.",
        "Une instance utilisait {before} processeur, deux ensemble {now}.",
    ),
    (
        "Both instances take their connections from one database, which accepts no more of them for two than for one. A second instance helps where the processor of one is the limit.",
        "Les deux instances prennent leurs connexions à une seule base de données, qui n’en accepte pas plus pour deux que pour une. Une seconde instance aide là où le processeur d’une seule est la limite.",
    ),
    ("Which balancing policy, and why?", "Quelle politique de répartition, et pourquoi?"),
    ("What if an order had a million articles?", "Et si une commande avait un million d’articles?"),
    (
        "What does one query per order change, instead of one per article?",
        "Que change une requête SQL par commande, au lieu d’une par article?",
    ),
    ("{title}, under load. {compared}", "{title}, sous charge. {compared}"),
    (
        "The order takes fewer statements, but its connection stays open for as long as before, and connections are what is missing.",
        "La commande demande moins de requêtes SQL, mais sa connexion reste ouverte aussi longtemps qu’avant, et ce sont les connexions qui manquent.",
    ),
    ("Alone, ms", "Seule, ms"),
    ("Orders failed", "Commandes échouées"),
    (
        "An order of three products without other load, and orders under load",
        "Une commande de trois produits sans autre charge, et des commandes sous charge",
    ),
    ("From how many users does the store fail?", "À partir de combien d’utilisateurs le magasin échoue-t-il?"),
    ("{title}. {failed}", "{title}. {failed}"),
    ("First failure, second", "Premier échec, seconde"),
    ("Users then", "Utilisateurs alors"),
    (
        "When the load test first failed, and how many users are served correctly",
        "Quand le test de charge a échoué la première fois, et combien d’utilisateurs sont bien servis",
    ),
    (
        "The users at the first failure depend on how fast users start, and connections pile up before the first one fails, so the number of users that are served for long is lower. `--find-limit` searches it: with `--resume FOLDER`, it is added to this lab.",
        "Le nombre d’utilisateurs au premier échec dépend de la vitesse à laquelle ils arrivent, et les connexions s’accumulent avant le premier échec; le nombre d’utilisateurs servis durablement est donc plus bas. `--find-limit` le cherche; avec `--resume DOSSIER`, il s’ajoute à ce labo.",
    ),
    (
        "Computed, not searched: {connections} connections, each kept for {linger} s, are enough for {rate} requests a second. {users} users sent {sent} a second, so about {enough} users send as many.",
        "Calculé, pas cherché\u{a0}: {connections} connexions, chacune gardée {linger} s, suffisent pour {rate} requêtes par seconde. {users} utilisateurs en ont envoyé {sent} par seconde; environ {enough} utilisateurs en envoient donc autant.",
    ),
    ("Why do writes stay bad?", "Pourquoi les écritures restent-elles mauvaises?"),
    ("{title}. {share} of the orders failed.", "{title}. {share} des commandes ont échoué."),
    ("{title} ({change}). {share} of the orders failed.", "{title} ({change}). {share} des commandes ont échoué."),
    (
        "The store from which these questions come ran on another machine, made a new engine for each request and left its connection open for up to 46 s, where rung 1 leaves it open for 30 s. So shares differ, and what they mean does not.",
        "Le magasin d’où viennent ces questions tournait sur une autre machine, créait un moteur SQL neuf à chaque requête et laissait sa connexion ouverte jusqu’à 46 s, là où l’échelon 1 la laisse ouverte 30 s. Les parts diffèrent donc, et leur sens ne change pas.",
    ),
    ("Beside the original report", "À côté du rapport original"),
    ("100 to 140 users", "de 100 à 140 utilisateurs"),
    ("orders 96 %, reports 54 %", "commandes 96\u{a0}%, rapports 54\u{a0}%"),
    (
        "1040 Too many connections, time-outs after 60 s, bare 500 pages",
        "1040 Too many connections, délais dépassés après 60 s, pages 500 nues",
    ),
    ("64 % failed instead of 70 %", "64\u{a0}% d’échecs au lieu de 70\u{a0}%"),
    ("35 % failed instead of 64 %", "35\u{a0}% d’échecs au lieu de 64\u{a0}%"),
    ("90 % of the orders still failed at the end", "90\u{a0}% des commandes échouaient encore à la fin"),
    ("29 % failed instead of 35 %", "29\u{a0}% d’échecs au lieu de 35\u{a0}%"),
    ("least_conn, not compared with another", "least_conn, sans comparaison avec une autre"),
    ("The original report", "Le rapport original"),
    ("What explains the difference", "Ce qui explique l’écart"),
    ("held for long, {users} users", "dans la durée, {users} utilisateurs"),
    ("{users} users, in second {second}", "{users} utilisateurs, à la seconde {second}"),
    (
        "All users start within {seconds} s here: the faster they start, the more of them are there when {connections} connections have been left open. Held for long, {rate} requests a second use them up.",
        "Ici, tous les utilisateurs arrivent en {seconds} s\u{a0}: plus ils arrivent vite, plus ils sont nombreux quand {connections} connexions ont été laissées ouvertes. Dans la durée, {rate} requêtes par seconde les épuisent.",
    ),
    ("orders {orders}, reports {reports}", "commandes {orders}, rapports {reports}"),
    (
        "There a request hung for up to 60 s, and who waits sends nothing. Here the slowest answer took {slowest} ms, so {rate} requests came a second, and 1 - {connections} / ({linger} s × {rate}/s) = {expected} of them find no connection.",
        "Là-bas, une requête restait en suspens jusqu’à 60 s, et qui attend n’envoie rien. Ici, la réponse la plus lente a pris {slowest} ms; il est donc venu {rate} requêtes par seconde, et 1 - {connections} / ({linger} s × {rate}/s) = {expected} d’entre elles ne trouvent pas de connexion.",
    ),
    (
        "The store says at once that no connection is left, and gives a code with it: the slowest answer took {slowest} ms, so that nobody waited for 60 s.",
        "Le magasin dit aussitôt qu’il ne reste pas de connexion, et joint un code\u{a0}: la réponse la plus lente a pris {slowest} ms, personne n’a donc attendu 60 s.",
    ),
    ("{now} failed instead of {before}", "{now} d’échecs au lieu de {before}"),
    (
        "{statements} statements an order instead of {was}, but as many connections: {open} were open.",
        "{statements} instructions par commande au lieu de {was}, mais autant de connexions\u{a0}: {open} étaient ouvertes.",
    ),
    ("{lines} articles in {took} ms ({writer})", "{lines} articles en {took} ms ({writer})"),
    ("{lines} articles are rejected: {status} {code}.", "{lines} articles sont rejetés\u{a0}: {status} {code}."),
    (
        "{hits} of the reports came from the cache and {reports} failed: a third of the requests are orders, of which {orders} found no connection.",
        "{hits} des rapports venaient du cache et {reports} ont échoué\u{a0}: un tiers des requêtes sont des commandes, dont {orders} n’ont pas trouvé de connexion.",
    ),
    ("{share} on rung 4, {cured} on rung 5", "{share} à l’échelon 4, {cured} à l’échelon 5"),
    (
        "The original had no rung 5: with a pool {now} connections are open, where requests had left {before} behind.",
        "L’original n’avait pas d’échelon 5\u{a0}: avec un pool, {now} connexions sont ouvertes, là où les requêtes en avaient abandonné {before}.",
    ),
    (
        "Both instances together used {cores} processors: they are not the limit, and share the connections of one database.",
        "Les deux instances ensemble utilisaient {cores} processeur\u{a0}: elles ne sont pas la limite, et partagent les connexions d’une seule base de données.",
    ),
    (
        "{equal} with equal instances, {slow} with a slow one",
        "{equal} avec des instances égales, {slow} avec une lente",
    ),
    (
        "{equal} and {slow} good answers a second, each instance held to a share of a processor: on the rungs above no instance is the limit, and no policy matters.",
        "{equal} et {slow} bonnes réponses par seconde, chaque instance étant tenue à une part d’un processeur\u{a0}: sur les échelons ci-dessus, aucune instance n’est la limite, et aucune politique ne compte.",
    ),
    ("Message of the original", "Message de l’original"),
    ("Seen here", "Vu ici"),
    (
        "The six messages of the original report, and all failures of this lab",
        "Les six messages du rapport original, et tous les échecs de ce labo",
    ),
];
