//! A MySQL group of a test's own: servers with Group Replication and a single primary, which can be killed, stopped, cut off
//! from each other, and told to hand over.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::database_server::{Server, install};
use super::folder::kill;
use super::server::{free_port, start_tethered, wait_for_address, wait_until};

/// The password of the tests' account and of the members among each other.
const PASSWORD: &str = "test-5f2c9a1e77";

/// The namespace of the switch that connects the members, and this machine's end of its cable to it.
const SWITCH: &str = "storemgr-group-switch";
const HERE: &str = "smgr-group";

/// A network for the members, if each has a place of its own.
const NETWORK: &str = "10.213.77";

/// A running group. Its servers end with the test run.
#[derive(Debug)]
pub struct Group {
    nodes: Vec<Node>,
    /// The networks of the members, by which they can be cut off.
    namespaces: Namespaces,
}

#[derive(Debug)]
struct Node {
    server: Server,
    arguments: Vec<String>,
    log: PathBuf,
    pid: u32,
}

/// A network namespace for each member, all on one switch that this machine is connected to.
#[derive(Debug)]
struct Namespaces {
    count: usize,
}

/// The program of the servers: `TEST_GROUP_MYSQLD`, which `ops/group` sets.
fn mysqld() -> PathBuf {
    std::env::var_os("TEST_GROUP_MYSQLD").expect("TEST_GROUP_MYSQLD names a mysqld: run ops/group").into()
}

impl Group {
    /// Three members, each with a network of its own; needs the rights of root.
    pub async fn start(name: &'static str) -> Self {
        let namespaces = Namespaces::make(3);
        let addresses = (1..=3).map(|node| format!("{NETWORK}.{node}")).collect();
        Self::start_at(name, addresses, namespaces).await
    }

    async fn start_at(name: &str, addresses: Vec<String>, namespaces: Namespaces) -> Self {
        let ports: Vec<_> = addresses.iter().map(|_| (free_port(), free_port())).collect();
        let local: Vec<_> = addresses.iter().zip(&ports).map(|(host, (_, own))| format!("{host}:{own}")).collect();
        let mut nodes = Vec::new();
        for (index, host) in addresses.iter().enumerate() {
            let node = Node::prepare(name, index, host, ports[index].0, &local);
            nodes.push(node);
        }
        let mut group = Self { nodes, namespaces };
        for index in 0..group.nodes.len() {
            group.boot(index).await;
            group.join(index, index == 0).await;
        }
        group
    }

    /// Starts a server in its namespace.
    async fn boot(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let inside =
            ["netns", "exec", &Namespaces::name(index), &mysqld().display().to_string()].map(ToOwned::to_owned);
        let (program, arguments) =
            ("ip".to_owned(), inside.into_iter().chain(node.arguments.clone()).collect::<Vec<_>>());
        let (log, host, port) = (node.log.clone(), node.server.host.clone(), node.server.port);
        node.pid = tokio::task::spawn_blocking(move || {
            let pid = start_tethered(&program, &arguments, &log);
            wait_for_address("a member", (&host, port), &log);
            pid
        })
        .await
        .unwrap();
    }

    async fn join(&self, index: usize, first: bool) {
        let mut conn = None;
        wait_until("a member that was started to answer", async || {
            conn = self.connect(index).await;
            conn.is_some()
        })
        .await;
        let mut conn = conn.unwrap();
        let recovery = format!(
            "CHANGE REPLICATION SOURCE TO SOURCE_USER = 'recovery', SOURCE_PASSWORD = '{PASSWORD}' \
             FOR CHANNEL 'group_replication_recovery'"
        );
        conn.query_drop(recovery).await.unwrap();
        if first {
            conn.query_drop("SET GLOBAL group_replication_bootstrap_group = ON").await.unwrap();
        }
        // A member that left because of an error is offline for all but administrators, also after it has joined again.
        conn.query_drop("SET GLOBAL offline_mode = OFF").await.unwrap();
        // A member that was just expelled may not be forgotten by the others yet.
        wait_until("a member to join", async || conn.query_drop("START GROUP_REPLICATION").await.is_ok()).await;
        conn.query_drop("SET GLOBAL group_replication_bootstrap_group = OFF").await.unwrap();
        wait_until("a member to be online", async || self.state_of(index).await.as_deref() == Some("ONLINE")).await;
    }

    async fn state_of(&self, index: usize) -> Option<String> {
        let sql =
            "SELECT member_state FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid";
        self.connect(index).await?.query_first(sql).await.ok().flatten()
    }

    /// A connection to a member; none if it does not answer within a second.
    pub async fn connect(&self, index: usize) -> Option<Conn> {
        let opening = Conn::new(self.nodes[index].server.options(None));
        tokio::time::timeout(Duration::from_secs(1), opening).await.ok()?.ok()
    }

    /// How to connect to a member.
    pub fn options(&self, index: usize) -> mysql_async::Opts {
        self.nodes[index].server.options(None)
    }

    /// The servers, in order.
    pub(super) fn servers(&self) -> impl Iterator<Item = &Server> {
        self.nodes.iter().map(|node| &node.server)
    }

    /// How many members there are, running or not.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Host and port of a member.
    pub fn place(&self, index: usize) -> String {
        let server = &self.nodes[index].server;
        format!("{}:{}", server.host, server.port)
    }

    /// All members, as `DB_HOST` takes them.
    pub fn places(&self) -> String {
        (0..self.size()).map(|index| self.place(index)).collect::<Vec<_>>().join(",")
    }

    /// The member that two of the members name as the primary, itself among them, and that takes writes; none if the group has
    /// none now.
    pub async fn primary(&self) -> Option<usize> {
        let sql = "SELECT CONCAT(member_host, ':', member_port), @@super_read_only \
                   FROM performance_schema.replication_group_members \
                   WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'";
        let mut named = vec![0; self.size()];
        let mut writable = None;
        for index in 0..self.size() {
            let asking = async { self.connect(index).await?.query_first::<(String, u8), _>(sql).await.ok().flatten() };
            let answer = tokio::time::timeout(Duration::from_secs(1), asking).await;
            let Ok(Some((place, read_only))) = answer else { continue };
            let Some(primary) = (0..self.size()).find(|other| self.place(*other) == place) else { continue };
            named[primary] += 1;
            if primary == index && read_only == 0 {
                writable = Some(primary);
            }
        }
        writable.filter(|primary| named[*primary] >= 2)
    }

    /// Waits until the group has a primary other than this one; gives it, and the instant at which it was seen.
    pub async fn next_primary(&self, other_than: usize) -> (usize, Instant) {
        let mut found = None;
        wait_until("a new primary", async || {
            found = self.primary().await.filter(|primary| *primary != other_than);
            found.is_some()
        })
        .await;
        (found.unwrap(), Instant::now())
    }

    /// Sends a signal to a member, by its name without SIG.
    pub fn signal(&self, index: usize, name: &str) {
        kill(self.nodes[index].pid, name);
    }

    /// Hands over to a member.
    pub async fn move_to(&self, index: usize) {
        let mut conn = self.connect(index).await.unwrap();
        conn.query_drop("SELECT group_replication_set_as_primary(@@server_uuid)").await.unwrap();
    }

    /// Brings a member back that was killed, or that left the group. Both it and the primary have to say so: one that stood
    /// still believes for a while that nothing has happened, and so do the others of one that was killed.
    pub async fn bring_back(&mut self, index: usize) {
        if self.connect(index).await.is_none() {
            self.boot(index).await;
        }
        let deadline = Instant::now() + Duration::from_mins(2);
        loop {
            let state = self.state_of(index).await;
            let seen = self.seen_by_primary(index).await;
            if [state.as_deref(), seen.as_deref()] == [Some("ONLINE"); 2] {
                return;
            }
            assert!(Instant::now() < deadline, "member {index} did not come back: {state:?}, seen as {seen:?}");
            // One that joins while the others still believe that it is there waits for a minute and a half.
            if seen.as_deref() == Some("")
                && !matches!(state.as_deref(), None | Some("ONLINE" | "RECOVERING"))
                && let Some(mut conn) = self.connect(index).await
            {
                drop(conn.query_drop("STOP GROUP_REPLICATION").await);
                self.join(index, false).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The state of a member as the primary sees it: nothing if that knows no such member, none if there is no primary.
    async fn seen_by_primary(&self, index: usize) -> Option<String> {
        let primary = self.primary().await?;
        let Server { host, port, .. } = &self.nodes[index].server;
        let sql = format!(
            "SELECT COALESCE(MAX(member_state), '') FROM performance_schema.replication_group_members \
             WHERE member_host = '{host}' AND member_port = {port}"
        );
        let asking = async { self.connect(primary).await?.query_first::<String, _>(sql).await.ok().flatten() };
        tokio::time::timeout(Duration::from_secs(1), asking).await.ok().flatten()
    }

    /// Waits until every member is online in one group and has applied what the primary has.
    pub async fn caught_up(&self) {
        let primary = self.next_primary(usize::MAX).await.0;
        let done = "SELECT @@global.gtid_executed";
        let executed: String = self.connect(primary).await.unwrap().query_first(done).await.unwrap().unwrap();
        let executed = executed.replace('\n', "");
        for index in 0..self.size() {
            let wait = format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{executed}', 60)");
            let late: u8 = self.connect(index).await.unwrap().query_first(wait).await.unwrap().unwrap();
            assert_eq!(late, 0, "member {index} did not catch up within a minute");
        }
    }

    /// Cuts a member off from the other members, but not from this machine; or ends that.
    pub fn cut_off(&self, index: usize, cut: bool) {
        let change = if cut { "add" } else { "del" };
        for other in (0..self.namespaces.count).filter(|other| *other != index) {
            let peer = format!("{NETWORK}.{}/32", other + 1);
            run(&["netns", "exec", &Namespaces::name(index), "ip", "route", change, "blackhole", &peer]);
        }
    }

    /// Cuts a member off from everybody, or ends that.
    pub fn unplug(&self, index: usize, cut: bool) {
        assert!(index < self.size());
        run(&["-n", SWITCH, "link", "set", &Namespaces::port(index), if cut { "down" } else { "up" }]);
    }
}

impl Node {
    fn prepare(name: &str, index: usize, host: &str, port: u16, local: &[String]) -> Self {
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("group-{name}-{index}"));
        drop(std::fs::remove_dir_all(&directory));
        std::fs::create_dir_all(directory.join("tmp")).unwrap();
        install(Some(&mysqld()), &directory);
        let path = |file: &str| directory.join(file).display().to_string();
        // Not replicated: every member has them from its own start.
        let mut init = "SET sql_log_bin = 0;\n".to_owned();
        for (user, rights) in [
            ("test", "ALL ON *.* TO 'test'@'%' WITH GRANT OPTION"),
            (
                "recovery",
                "REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO 'recovery'@'%'",
            ),
        ] {
            let create = format!("CREATE USER IF NOT EXISTS '{user}'@'%' IDENTIFIED BY '{PASSWORD}';\n");
            init.push_str(&(create + "GRANT " + rights + ";\n"));
        }
        std::fs::write(path("init.sql"), init).unwrap();
        let list = local.iter().map(|place| place.rsplit_once(':').unwrap().0).collect::<Vec<_>>().join(",");
        let arguments = [
            "--no-defaults",
            "--user=root",
            &format!("--datadir={}", path("data")),
            &format!("--tmpdir={}", path("tmp")),
            &format!("--init-file={}", path("init.sql")),
            &format!("--port={port}"),
            &format!("--bind-address={host}"),
            &format!("--report-host={host}"),
            &format!("--socket=/tmp/storemgr-group-{port}.sock"),
            &format!("--pid-file={}", path("pid")),
            &format!("--server-id={}", index + 1),
            "--skip-name-resolve",
            "--mysqlx=OFF",
            "--secure-file-priv=NULL",
            "--innodb-buffer-pool-size=64M",
            "--gtid-mode=ON",
            "--enforce-gtid-consistency=ON",
            "--plugin-load-add=group_replication.so",
            "--loose-group-replication-group-name=3f6e7a10-0000-4000-8000-00000000c0de",
            "--loose-group-replication-start-on-boot=OFF",
            "--loose-group-replication-recovery-get-public-key=ON",
            &format!("--loose-group-replication-local-address={}", local[index]),
            &format!("--loose-group-replication-group-seeds={}", local.join(",")),
            &format!("--loose-group-replication-ip-allowlist={list}"),
            // A failover within some ten seconds; the first suspicion alone takes five.
            "--loose-group-replication-member-expel-timeout=0",
            "--loose-group-replication-unreachable-majority-timeout=4",
            // A member that was expelled waits until the test brings it back.
            "--loose-group-replication-autorejoin-tries=0",
        ];
        let server = Server { host: host.to_owned(), port, user: "test".to_owned(), password: PASSWORD.to_owned() };
        let arguments = arguments.map(ToOwned::to_owned).into();
        Self { server, arguments, log: directory.join("log"), pid: 0 }
    }
}

impl Namespaces {
    fn name(index: usize) -> String {
        format!("storemgr-group-{index}")
    }

    /// The end of a member's cable at the switch.
    fn port(index: usize) -> String {
        format!("port-{index}")
    }

    fn make(count: usize) -> Self {
        let made = Self { count };
        made.remove();
        // The switch has a namespace of its own, so that no packet filter of this machine stands between the members.
        run(&["netns", "add", SWITCH]);
        run(&["-n", SWITCH, "link", "add", "bridge", "type", "bridge"]);
        run(&["-n", SWITCH, "link", "set", "bridge", "up"]);
        let plug = |port: &str| {
            run(&["-n", SWITCH, "link", "set", port, "master", "bridge"]);
            run(&["-n", SWITCH, "link", "set", port, "up"]);
        };
        run(&["link", "add", HERE, "type", "veth", "peer", "name", "here", "netns", SWITCH]);
        run(&["addr", "add", &format!("{NETWORK}.254/24"), "dev", HERE]);
        run(&["link", "set", HERE, "up"]);
        plug("here");
        for index in 0..count {
            let (name, port) = (Self::name(index), Self::port(index));
            run(&["netns", "add", &name]);
            run(&["-n", SWITCH, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &name]);
            plug(&port);
            run(&["-n", &name, "addr", "add", &format!("{NETWORK}.{}/24", index + 1), "dev", "eth0"]);
            run(&["-n", &name, "link", "set", "eth0", "up"]);
            run(&["-n", &name, "link", "set", "lo", "up"]);
        }
        made
    }

    fn remove(&self) {
        for index in 0..self.count {
            drop(Command::new("ip").args(["netns", "del", &Self::name(index)]).output());
        }
        drop(Command::new("ip").args(["netns", "del", SWITCH]).output());
        drop(Command::new("ip").args(["link", "del", HERE]).output());
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for index in 0..self.size() {
            self.signal(index, "KILL");
        }
        self.namespaces.remove();
    }
}

fn run(words: &[&str]) {
    let done = Command::new("ip").args(words).output().expect("ip (iproute2) makes networks");
    assert!(done.status.success(), "ip {words:?}: {}", String::from_utf8_lossy(&done.stderr));
}
