//! The README's lines work when they are pasted.

use std::process::Command;

use tests::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_curl_lines_work_on_a_fresh_demo() {
    let app = TestApp::demo().await;
    let readme = include_str!("../../README.md");
    let (_, block) = readme.split_once("```sh\n").expect("a block of shell");
    let (block, _) = block.split_once("```").expect("its end");
    let script = block.replace("http://127.0.0.1:8080", &app.base);
    assert_ne!(script, block);
    let run =
        tokio::task::spawn_blocking(move || Command::new("bash").args(["-euo", "pipefail", "-c", &script]).output());
    let output = run.await.expect("the task ends").expect("bash runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    let number = |line: &str| line.parse::<i64>().unwrap_or_else(|_| panic!("no number in {text}"));
    let (first, last) = (lines.first().expect("lines"), lines.last().expect("lines"));
    assert_eq!(number(first) - number(last), 15, "{text}");
    assert!(lines.contains(&"刀削面一碗") && lines.contains(&"verified"), "{text}");
    app.books_balance().await;
}
