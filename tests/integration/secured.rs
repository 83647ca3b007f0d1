//! What storemgr asks behind TLS: Prometheus with a token, and the store behind nginx.

use crate::harness::{Authority, WebServer, run_command, test_folder};

#[tokio::test(flavor = "multi_thread")]
async fn report_and_deploy_check_ask_behind_tls_with_an_authority_and_a_token() {
    let authority = Authority::new();
    let identity = authority.issue("front", "DNS:localhost");
    let prometheus = WebServer::prometheus(&[]);
    let directives = format!(
        "ssl_certificate {}; ssl_certificate_key {};\n\
         location / {{ if ($http_authorization != 'Bearer tok-77x') {{ return 401; }} proxy_pass {}; }}",
        identity.certificate, identity.key, prometheus.target
    );
    let (front, _) = WebServer::nginx_serving("ssl", &directives);
    let url = format!("https://localhost:{}", front.target.port());
    let folder = test_folder("secured");
    let [token, wrong, two] = [("token", "tok-77x\n"), ("wrong", "tok-000"), ("two", "a b")].map(|(name, text)| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    });
    let ca = authority.certificate();
    let report =
        async |options: &[&str]| run_command(&[&["report", "--prometheus", &url], options].concat(), &[]).await;
    let let_in = report(&["--prometheus-ca", &ca, "--prometheus-token-file", &token]).await;
    assert!(let_in.stderr.contains("has no data of the store between"), "it was asked: {let_in:?}");
    for (options, code, said) in [
        (vec![], 3, "signed by nobody who is trusted here"),
        (vec!["--prometheus-ca", &ca], 3, "does not let us in (HTTP status 401)"),
        (vec!["--prometheus-ca", &ca, "--prometheus-token-file", &wrong], 3, "PROMETHEUS_TOKEN_FILE"),
        (vec!["--prometheus-token-file", &two], 2, "is not a bearer token: it must be one word"),
        (vec!["--prometheus-token-file", "/nowhere"], 2, "cannot be read from /nowhere"),
    ] {
        let ran = report(&options).await;
        assert!(ran.code == code && ran.stderr.contains(said), "{options:?}: {ran:?}");
        assert!(!ran.stderr.contains("tok-"), "{ran:?}");
    }
    let only = ["--only", "prometheus-targets", "--timeout", "500ms"];
    let check = ["deploy-check", "--after", "--prometheus", &url, "--prometheus-ca", &ca];
    let ran = run_command(&[&check, &["--prometheus-token-file", &token][..], &only].concat(), &[]).await;
    assert!(ran.stdout.contains("Prometheus has no targets"), "it was asked: {ran:?}");
    let ran = run_command(&[&check, &only[..]].concat(), &[]).await;
    assert!(ran.code == 1 && ran.stdout.contains("does not let us in"), "{ran:?}");
}
