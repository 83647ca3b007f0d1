//! Tests of scenarios as people write them: what is read, what is refused and where, what is sent.

use std::path::Path;
use std::time::Duration;

use hyper::Method;
use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;

use super::*;

fn parse(text: &str) -> Result<Scenario, ScenarioError> {
    Scenario::parse(text, "shop.toml", Path::new("."), &[])
}

/// A scenario of one task.
fn task(lines: &str) -> Scenario {
    parse(&format!("name = 'x'\n[variables]\nmost = 9\nshop = 'a b'\n[[task]]\nname = 't'\n{lines}")).unwrap()
}

fn requests(scenario: &Scenario, place: usize, seed: u64, count: usize) -> Vec<String> {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut rendered = Rendered::default();
    let mut shown = |_| {
        scenario.render(place, 7, &mut random, &mut rendered);
        let task = &scenario.tasks()[place];
        let headers: Vec<_> = rendered.headers(task).filter(|(name, _)| *name != "user-agent").collect();
        format!("{} {} {headers:?} {}", task.method, rendered.path(), String::from_utf8_lossy(rendered.body()))
    };
    (0..count).map(&mut shown).collect()
}

#[test]
fn the_stores_orders_have_one_or_three_different_existing_products() {
    let scenario = Scenario::store(50, 7, &[]).unwrap();
    let mut random = Pcg64Mcg::seed_from_u64(1);
    let mut rendered = Rendered::default();
    let (mut orders, mut single) = (0_u32, 0_u32);
    for _ in 0..6_000 {
        let place = scenario.draw(&mut random);
        scenario.render(place, 1, &mut random, &mut rendered);
        if scenario.tasks()[place].method != Method::POST {
            assert!(rendered.body().is_empty());
            continue;
        }
        orders += 1;
        let order: crate::wire::NewOrderBody = serde_json::from_slice(rendered.body()).unwrap();
        let mut ids: Vec<_> = order.items.iter().map(|item| item.product_id.get()).collect();
        ids.sort_unstable();
        ids.dedup();
        single += u32::from(ids.len() == 1);
        assert!(ids.len() == order.items.len() && [1, 3].contains(&ids.len()), "{order:?}");
        assert!(ids.iter().all(|id| (1..=50).contains(id)) && (1..=7).contains(&order.user_id.get()));
    }
    assert!((1_900..2_100).contains(&orders), "{orders} of 6,000 requests are orders");
    let share = f64::from(single) / f64::from(orders);
    assert!((0.67..0.73).contains(&share), "{share} of the orders have one product");
    assert!(Scenario::store(1, 1, &[]).is_ok(), "a shop with one product");
}

#[test]
fn the_stores_tasks_count_under_its_three_routes() {
    let scenario = Scenario::store(10, 10, &[]).unwrap();
    let routes: Vec<_> = scenario.groups().iter().map(|group| format!("{} {}", group.method, group.route)).collect();
    let expected = ["POST /orders", "GET /orders/reports/best-sellers", "GET /orders/reports/highest-spenders"];
    assert_eq!(routes, expected);
    let counted: Vec<_> = scenario.tasks().iter().map(|task| task.group).collect();
    assert_eq!(counted, [0, 0, 1, 2]);
}

#[test]
fn the_same_seed_gives_the_same_requests() {
    let scenario =
        task("path = '/{{random(1, 1000000)}}'\nbody = '{{uuid}}{{choice(\"a\", \"b\", 3)}}{{distinct(1, 99)}}'");
    assert_eq!(requests(&scenario, 0, 5, 20), requests(&scenario, 0, 5, 20));
    assert_ne!(requests(&scenario, 0, 5, 20), requests(&scenario, 0, 6, 20));
    let store = Scenario::store(10, 10, &[]).unwrap();
    let draws = |seed| {
        let mut random = Pcg64Mcg::seed_from_u64(seed);
        (0..3_000).map(|_| store.draw(&mut random)).collect::<Vec<_>>()
    };
    assert_eq!(draws(5), draws(5));
    assert_ne!(draws(5), draws(6));
}

#[test]
fn only_uuids_differ_between_runs() {
    let mut scenario = task("path = '/{{random(1, 1000000)}}'\nbody = '{{id = uuid}} {{id}} {{distinct(1, 99)}}'");
    let mut run = || {
        scenario.begin_run();
        let split = |request: &String| {
            let words: Vec<_> = request.split(' ').map(str::to_owned).collect();
            let [rest @ .., uuid, again, number] = words.as_slice() else { panic!("{request}") };
            assert_eq!(uuid, again, "a name is one value");
            ((rest.to_vec(), number.clone()), uuid.clone())
        };
        requests(&scenario, 0, 5, 20).iter().map(split).unzip::<_, _, Vec<_>, std::collections::BTreeSet<_>>()
    };
    let ((first, first_uuids), (second, second_uuids)) = (run(), run());
    assert_eq!(first, second);
    assert_eq!((first_uuids.len(), second_uuids.len()), (20, 20));
    assert!(first_uuids.is_disjoint(&second_uuids));
}

#[test]
fn values_replace_their_placeholders() {
    let scenario = task(
        "method = 'PUT'\npath = '/users/{{id = random(3, 3)}}?x={{shop | url}}'\nheaders = { X-Id = '{{id}}-{{user}}' }\n\
         body = '''{\"n\":{{sequence}},\"m\":{{sequence(100)}},\"most\":{{random(most, 9)}},\"shop\":{{shop | json}},\"b\":\"{{\"{{\"}}\"}'''",
    );
    let shown = requests(&scenario, 0, 1, 2);
    let (headers, body) =
        (r#"[("x-id", "3-7"), ("content-type", "application/json")]"#, r#""most":9,"shop":"a b","b":"{{"}"#);
    assert_eq!(shown[0], format!("PUT /users/3?x=a%20b {headers} {{\"n\":1,\"m\":100,{body}"));
    assert_eq!(shown[1], format!("PUT /users/3?x=a%20b {headers} {{\"n\":2,\"m\":101,{body}"));
    assert_eq!(scenario.groups()[0].route, "/users/{id}");
}

#[test]
fn a_request_takes_all_columns_of_a_table_from_one_row() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("users.csv"), "id,email\n1,a@x\n2,\"b \"\"q\"\"@x\"\n").unwrap();
    let text = "name = 'x'\n[csv]\nusers = { file = 'users.csv', order = 'sequential' }\nany = 'users.csv'\n[[task]]\nname = 't'\n\
                path = '/{{csv.users.id}}'\nbody = '{{csv.users.email | json}} {{csv.any.id}}{{csv.any.email | url}}'";
    let scenario = Scenario::parse(text, "shop.toml", folder.path(), &[]).unwrap();
    assert_eq!(scenario.groups()[0].route, "/{users.id}");
    let shown = requests(&scenario, 0, 1, 40);
    for (number, request) in shown.iter().enumerate() {
        let row = [
            r#"GET /1 [("content-type", "application/json")] "a@x""#,
            r#"GET /2 [("content-type", "application/json")] "b \"q\"@x""#,
        ];
        assert!(request.starts_with(row[number % 2]), "{request}");
        assert!(request.ends_with(" 1a%40x") || request.ends_with(" 2b%20%22q%22%40x"), "{request}");
    }
    assert!(shown.iter().any(|request| request.ends_with("1a%40x")), "rows are drawn");
}

#[test]
fn a_hundred_thousand_paths_are_one_group() {
    let scenario = task("path = '/orders/{{random(1, 100000)}}?page={{random(1, 9)}}'");
    assert_eq!(scenario.groups().len(), 1);
    assert_eq!(scenario.groups()[0].route, "/orders/{random}");
}

#[test]
fn tasks_with_the_same_method_and_route_are_counted_together() {
    let task = |method: &str, path: &str, route: &str| {
        format!("[[task]]\nname = 't'\nmethod = '{method}'\npath = '{path}'\n{route}\n")
    };
    let route = "route = '/orders/{id}'";
    let tasks = [
        task("GET", "/orders/1", route),
        task("GET", "/orders/{{id = random(1, 9)}}", ""),
        task("DELETE", "/orders/2", route),
        task("GET", "/orders/3", ""),
        task("GET", "/search?q={{random(1, 9)}}", "route = '/search?q=N'"),
    ];
    let scenario = parse(&format!("name = 'x'\n{}", tasks.concat())).unwrap();
    let routes: Vec<_> = scenario.groups().iter().map(|group| format!("{} {}", group.method, group.route)).collect();
    assert_eq!(routes, ["GET /orders/{id}", "DELETE /orders/{id}", "GET /orders/3", "GET /search?q=N"]);
    assert_eq!(scenario.tasks().iter().map(|task| task.group).collect::<Vec<_>>(), [0, 0, 1, 2, 3]);
}

#[test]
fn think_times_come_from_the_task_the_file_or_the_command_line() {
    let text = "name = 'x'\nthink_time = '5ms..7ms'\n[[task]]\nname = 'a'\npath = '/'\n[[task]]\nname = 'b'\npath = '/'\nthink_time = 0";
    let mut scenario = parse(text).unwrap();
    let times = |scenario: &Scenario| scenario.tasks().iter().map(|task| task.think_time.most).collect::<Vec<_>>();
    assert_eq!(times(&scenario), [Duration::from_millis(7), Duration::ZERO]);
    scenario.set_think_time(ThinkTime::default());
    assert_eq!(times(&scenario), [Duration::from_secs(2); 2]);
}

#[test]
fn a_mistake_is_reported_with_file_line_task_and_remedy() {
    let head = "name = 'x'\n[[task]]\nname = 't'\n";
    for (text, sentence) in [
        ("", "shop.toml, line 1: missing field `name`"),
        ("name = 'x'", "shop.toml: there is no task: write [[task]]"),
        (
            "name = 'x'\n[[task]]\nname = 't'\npaht = '/'",
            "shop.toml, line 4, task \"t\": unknown field `paht`: write path",
        ),
        ("name = 'x'\nname = 'y'", "line 2"),
        (
            "name = 'x'\n[task]\nname = 't'\npath = '/'",
            "shop.toml, line 2: a scenario has a list of tasks: write [[task]]",
        ),
        (
            "name = 'x'\n[[task]]\nname = 't'\npath = 3",
            "line 4, task \"t\": invalid type: integer `3`, expected a string",
        ),
        (&format!("{head}path = 'x'"), "line 4, task \"t\": the path must start with a slash"),
        (
            &format!("{head}path = '/a b'"),
            "task \"t\": \"/a b\" has a character that is not allowed in a path: write %20",
        ),
        (&format!("{head}path = '/{{{{choice(\"a b\")}}}}'"), "or add | url"),
        (&format!("{head}path = '/'\nweight = 0"), "line 2: the weight of every task is 0"),
        (&format!("{head}path = '/'\nweight = 2000000"), "line 5, task \"t\": a weight must be at most 1000000"),
        (&format!("{head}path = '/'\nmethod = 'get'"), "\"get\" is not a method: write GET"),
        (&format!("{head}path = '/'\nheaders = {{ Host = 'x' }}"), "host is written by the load test itself"),
        (&format!("{head}path = '/'\nheaders = {{ 'a b' = 'x' }}"), "not a valid name of a header"),
        (
            &format!("{head}path = '/'\nheaders = {{ a = \"x\\ny\" }}"),
            "has a character that is not allowed in a header",
        ),
        (
            &format!("{head}path = '/'\nthink_time = 'long'"),
            "line 5, task \"t\": think_time: \"long\" is not a duration",
        ),
        (&format!("{head}path = '/'\ncheck = {{ stauts = 1 }}"), "line 5, task \"t\": check.stauts is not known"),
        (
            &format!("{head}path = '/'\nmethod = 'HEAD'\ncheck = {{ body = 'x' }}"),
            "line 6, task \"t\": an answer to HEAD has no body",
        ),
        (&format!("{head}path = '/'\nroute = ' x'"), "line 5, task \"t\": route = \" x\" is not a name"),
        (&format!("{head}path = '/'\nroute = ''"), "route = \"\" is not a name"),
        (&format!("{head}path = '/'\nroute = \"a\\u202e\""), "is not a name"),
        (
            &format!("{head}path = '/'\nbody = '''\na\n{{{{randm(1, 2)}}}}'''"),
            "line 7, task \"t\": {{randm(1, 2)}}: randm is not known; write random(1, 100)",
        ),
        (
            &format!("{head}path = '/{{{{random(1, products)}}}}'"),
            "there is no variable products: set it under [variables]",
        ),
        (&format!("{head}path = '/{{{{random(2, 1)}}}}'"), "not from 2 to 1"),
        (&format!("{head}path = '/{{{{a = uuid}}}}{{{{a = uuid}}}}'"), "the name a is given twice"),
        (&format!("{head}path = '/{{{{csv.users.email}}}}'"), "there is no table users: add its file under [csv]"),
        (&format!("{head}path = '/{{{{uuid | json}}}}'"), "uuid needs no encoding"),
        (&format!("{head}path = '/{{{{uuid | xml}}}}'"), "the encoding xml is not known: write json, url or text"),
        (
            "name = 'x'\n[csv]\nusers = 'nowhere.csv'\n[[task]]\nname = 't'\npath = '/'",
            "line 3: ./nowhere.csv cannot be read",
        ),
        ("name = 'x'\n[csv]\nusers = 3\n[[task]]\nname = 't'\npath = '/'", "line 3: write the path of a CSV file"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(sentence), "{text}\n{error}");
    }
    let values = [("prodcts".to_owned(), "1".to_owned())];
    let error = Scenario::parse(STORE_SCENARIO, "store", Path::new("."), &values).unwrap_err();
    assert_eq!(
        error.to_string(),
        "store: there is no variable prodcts to set; its [variables] are: customers, products"
    );
}
