//! What is known of public images: which store they are, where they listen, where they keep data, how they let in.

use super::compose::Service;

/// Kinds of servers that clients log in to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::deploy_check) enum Store {
    MySql,
    Postgres,
    Mongo,
    Redis,
    RabbitMq,
    /// Others that hold data: search engines, brokers, caches.
    Other,
}

impl Store {
    /// The word for it in sentences.
    pub(in crate::deploy_check) const fn word(self) -> &'static str {
        match self {
            Self::MySql => "MySQL",
            Self::Postgres => "PostgreSQL",
            Self::Mongo => "MongoDB",
            Self::Redis => "Redis",
            Self::RabbitMq => "RabbitMQ",
            Self::Other => "a store",
        }
    }
}

/// An image that is known by its name.
#[derive(Clone, Copy, Debug)]
pub(in crate::deploy_check) struct Image {
    names: &'static [&'static str],
    pub(in crate::deploy_check) store: Option<Store>,
    /// The ports that it listens on by itself; empty where its configuration alone says so.
    pub(in crate::deploy_check) ports: &'static [u16],
    /// The folder of its data; empty if it keeps none that matters.
    pub(in crate::deploy_check) data: &'static str,
}

const fn store(names: &'static [&'static str], store: Store, ports: &'static [u16], data: &'static str) -> Image {
    Image { names, store: Some(store), ports, data }
}

const fn server(names: &'static [&'static str], ports: &'static [u16]) -> Image {
    Image { names, store: None, ports, data: "" }
}

const IMAGES: &[Image] = &[
    store(&["mysql", "mysql-server", "percona", "percona-server"], Store::MySql, &[3306, 33060], "/var/lib/mysql"),
    store(&["mariadb"], Store::MySql, &[3306], "/var/lib/mysql"),
    store(
        &["postgres", "postgis", "timescaledb", "pgvector", "timescaledb-ha"],
        Store::Postgres,
        &[5432],
        "/var/lib/postgresql/data",
    ),
    store(&["postgresql"], Store::Postgres, &[5432], ""),
    store(&["mongo"], Store::Mongo, &[27017], "/data/db"),
    store(&["redis", "valkey", "keydb", "redis-stack-server", "redis-alpine"], Store::Redis, &[6379], ""),
    store(&["redis-stack"], Store::Redis, &[6379, 8001], ""),
    store(
        &["rabbitmq"],
        Store::RabbitMq,
        &[5672, 5671, 15672, 15671, 15692, 25672, 4369, 1883, 61613, 5552],
        "/var/lib/rabbitmq",
    ),
    store(&["elasticsearch", "opensearch"], Store::Other, &[9200, 9300, 9600], "/usr/share/elasticsearch/data"),
    store(&["memcached"], Store::Other, &[11211], ""),
    store(&["cassandra"], Store::Other, &[9042, 7000, 7199, 9160], "/var/lib/cassandra"),
    store(&["clickhouse-server", "clickhouse"], Store::Other, &[8123, 9000, 9009, 9363], "/var/lib/clickhouse"),
    store(&["influxdb"], Store::Other, &[8086], "/var/lib/influxdb"),
    store(&["couchdb"], Store::Other, &[5984], "/opt/couchdb/data"),
    store(&["neo4j"], Store::Other, &[7474, 7473, 7687], "/data"),
    store(&["etcd"], Store::Other, &[2379, 2380], ""),
    store(&["zookeeper", "cp-zookeeper"], Store::Other, &[], ""),
    store(&["kafka", "cp-kafka", "redpanda"], Store::Other, &[], ""),
    store(&["nats"], Store::Other, &[4222, 6222, 8222], ""),
    store(&["minio"], Store::Other, &[], "/data"),
    server(&["prometheus"], &[9090]),
    server(&["alertmanager"], &[9093, 9094]),
    server(&["pushgateway"], &[9091]),
    server(&["grafana", "grafana-oss", "grafana-enterprise"], &[3000]),
    server(&["loki"], &[3100, 9095, 9096]),
    server(&["promtail"], &[9080]),
    server(&["node-exporter"], &[9100]),
    server(&["cadvisor"], &[8080]),
    server(&["blackbox-exporter", "blackbox_exporter"], &[9115]),
    server(&["mysqld-exporter"], &[9104]),
    server(&["redis_exporter"], &[9121]),
    server(&["postgres-exporter", "postgres_exporter"], &[9187]),
    server(&["mongodb_exporter", "mongodb-exporter"], &[9216]),
    server(&["nginx-prometheus-exporter"], &[9113]),
    server(&["statsd-exporter"], &[9102, 9125]),
    server(&["memcached-exporter"], &[9150]),
    server(&["adminer"], &[8080]),
    server(&["phpmyadmin"], &[80]),
    server(&["kibana", "opensearch-dashboards"], &[5601]),
    server(&["mailhog", "mailpit"], &[1025, 8025]),
    server(&["mongo-express", "redis-commander"], &[8081]),
    server(&["wordpress", "nextcloud"], &[80]),
];

/// What is known of the image of a service; `None` for an unknown one, and for one that is built here.
pub(in crate::deploy_check) fn image_of(service: &Service) -> Option<&'static Image> {
    if service.build.is_some() {
        return None;
    }
    let name = service.image_name();
    IMAGES.iter().find(|image| image.names.contains(&name))
}

/// The kind of store that a service is.
pub(in crate::deploy_check) fn store_of(service: &Service) -> Option<Store> {
    image_of(service).and_then(|image| image.store)
}

/// The ports that a service of a known image listens on; `None` if they are not known.
pub(in crate::deploy_check) fn ports_of(service: &Service) -> Option<Vec<u16>> {
    let image = image_of(service)?;
    // PHP's FastCGI server in place of a web server.
    let is_fpm = service.image_tag().contains("fpm");
    if is_fpm {
        return Some(vec![9000]);
    }
    if image.ports.is_empty() {
        return None;
    }
    let with_option = matches!(image.store, Some(Store::MySql | Store::Redis | Store::Mongo | Store::Postgres));
    let moved = if with_option {
        let is_postgres = image.store == Some(Store::Postgres);
        let by_variable = service.environment.get(if is_postgres { "PGPORT" } else { "MYSQL_TCP_PORT" });
        let short = service.flag(&["-p"]).filter(|_| is_postgres);
        service.server_option("port").or(short).or_else(|| by_variable.cloned())
    } else {
        let listen = ["--web.listen-address", "--port", "-port", "--listen-address", "--http.listen-address"];
        let variable = ["GF_SERVER_HTTP_PORT", "RABBITMQ_NODE_PORT", "PMA_PORT"];
        let by_variable = variable.iter().find_map(|name| service.environment.get(*name).cloned());
        service.flag(&listen).map(|text| text.rsplit(':').next().unwrap_or_default().to_owned()).or(by_variable)
    };
    let Some(text) = moved else { return Some(image.ports.to_vec()) };
    let port = text.parse().ok()?;
    Some(std::iter::once(port).chain(image.ports.iter().skip(1).copied()).collect())
}

/// The folder in which a service keeps its data; empty if it is not known.
pub(in crate::deploy_check) fn data_of(service: &Service) -> &'static str {
    let Some(image) = image_of(service) else { return "" };
    let major: u32 =
        service.image_tag().split(['.', '-']).next().and_then(|text| text.parse().ok()).unwrap_or_default();
    match image.store {
        // Since 18 the data lie in a folder named after the version.
        Some(Store::Postgres) if image.names.contains(&"postgres") && major >= 18 => "/var/lib/postgresql",
        _ if service.image_name() == "opensearch" => "/usr/share/opensearch/data",
        _ if service.image_name() == "influxdb" && major >= 2 => "/var/lib/influxdb2",
        _ => image.data,
    }
}
