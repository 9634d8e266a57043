//! A true headless Chromium at the console, steered as a person would: by what can be seen, clicked and typed into.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with a profile of its own. Dropped, it ends.
pub struct Browser {
    client: Client,
    driver: Child,
    chromium: Option<u64>,
    directory: TempDir,
}

/// What Swagger UI shows after an operation was executed.
#[derive(Debug)]
pub struct Shown {
    /// The status.
    pub status: u16,
    /// The body; null if it is no JSON.
    pub body: Value,
    operation: String,
}

impl Shown {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.operation, self.body);
        self.body
    }
}

impl Browser {
    /// Opens the console of a server.
    pub async fn at_console(base: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let program = |variable: &str, name: &str| std::env::var(variable).unwrap_or_else(|_| name.into());
        let (driver, port) = start_driver(&program("ZHIXIANG_TEST_CHROMEDRIVER", "chromedriver"), &directory);
        let options = json!({
            "binary": which(&program("ZHIXIANG_TEST_CHROMIUM", "chromium")),
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=zh-CN",
                "--window-size=1280,800", format!("--user-data-dir={}", directory.path().join("profile").display()),
            ],
        });
        let capabilities = [("browserName", json!("chrome")), ("goog:chromeOptions", options)];
        let capabilities = capabilities.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromedriver opens a browser");
        let chromium = client.capabilities().and_then(|capabilities| capabilities.get("goog:processID")?.as_u64());
        let browser = Self { client, driver, chromium, directory };
        browser.client.goto(&format!("{base}/console")).await.expect("the console opens");
        browser
    }

    /// Fills in the admins' sign-in page and sends it.
    pub async fn sign_in(&self, account: &str, password: &str, totp: &str) {
        for (field, text) in [("account", account), ("password", password), ("totp", totp)] {
            self.fill(&format!("#admin-sign-in [name={field}]"), text).await;
        }
        self.click("#admin-sign-in [type=submit]").await;
    }

    /// Turns to the contract of an audience.
    pub async fn turn_to(&self, audience: &str) {
        self.click(&format!("nav [data-audience={audience}]")).await;
        self.wait(&format!("nav [data-audience={audience}][aria-current]")).await;
    }

    /// Unfolds an operation, fills in parameters and body, executes it, and reads what is shown. What is not given
    /// keeps the example that stands there.
    pub async fn execute(&self, operation: &str, parameters: &[(&str, &str)], body: Option<&Value>) -> Shown {
        let block = format!(".opblock[id$='-{operation}']");
        self.wait(&block).await;
        if self.all(&format!("{block}.is-open")).await.is_empty() {
            self.click(&format!("{block} .opblock-summary-control")).await;
        }
        self.wait(&format!("{block} .btn.execute")).await;
        for clear in self.all(&format!("{block} .btn-clear")).await {
            clear.click().await.expect("the earlier answer is cleared");
        }
        for (name, value) in parameters {
            let field = format!("{block} tr[data-param-name='{name}']");
            match self.all(&format!("{field} select")).await.first() {
                Some(select) => select.select_by_value(value).await.expect("one of the choices"),
                None => self.fill(&format!("{field} input"), value).await,
            }
        }
        if let Some(body) = body {
            self.paste(&format!("{block} textarea.body-param__text"), &body.to_string()).await;
        }
        self.click(&format!("{block} .btn.execute")).await;
        let answer = format!("{block} .live-responses-table");
        let status = self.wait(&format!("{answer} tbody .response-col_status")).await.text().await.expect("a status");
        let status = status.split_whitespace().next().and_then(|word| word.parse().ok());
        let text = match self.all(&format!("{answer} .highlight-code .microlight")).await.first() {
            Some(text) => text.text().await.expect("a body"),
            None => String::new(),
        };
        Shown {
            status: status.unwrap_or_else(|| panic!("{operation}: no status is shown")),
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            operation: operation.into(),
        }
    }

    /// Waits until an element shows this text.
    #[track_caller]
    pub fn see(&self, css: &str, text: &str) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let mut last = String::new();
            let seen = tokio::time::timeout(PATIENCE, async {
                loop {
                    last = self.text(css).await;
                    if last.contains(text) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            });
            if seen.await.is_err() {
                let picture = self.picture("unseen").await;
                panic!("{place}: {css} shows {last:?}, not {text:?}; see {}", picture.display());
            }
        }
    }

    /// What an element shows; nothing if it is not there.
    pub async fn text(&self, css: &str) -> String {
        match self.all(css).await.first() {
            Some(element) => element.text().await.unwrap_or_default(),
            None => String::new(),
        }
    }

    /// Whether an element can be seen.
    pub async fn shows(&self, css: &str) -> bool {
        match self.all(css).await.first() {
            Some(element) => element.is_displayed().await.unwrap_or(false),
            None => false,
        }
    }

    /// Clicks on what can be seen.
    pub async fn click(&self, css: &str) {
        let element = self.wait(css).await;
        let middle = "arguments[0].scrollIntoView({ block: 'center' })";
        let argument = serde_json::to_value(&element).expect("a reference");
        self.client.execute(middle, vec![argument]).await.expect(css);
        element.click().await.expect(css);
    }

    /// Types into a field in place of what stands there.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.wait(css).await;
        let everything = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        field.send_keys(&everything).await.expect(css);
        field.send_keys(&char::from(Key::Backspace).to_string()).await.expect(css);
        field.send_keys(text).await.expect(css);
    }

    /// Pastes into a text area in place of what stands there: a whole body typed key by key takes the page a minute.
    async fn paste(&self, css: &str, text: &str) {
        let area = serde_json::to_value(self.wait(css).await).expect("a reference");
        let script = "Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(...arguments); \
             arguments[0].dispatchEvent(new Event('input', { bubbles: true }))";
        self.client.execute(script, vec![area, json!(text)]).await.expect(css);
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect(script)
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads again");
    }

    /// Takes a picture of what is seen; it stays where `ZHIXIANG_TEST_PICTURES` says, or goes with the test.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let folder = std::env::var_os("ZHIXIANG_TEST_PICTURES").map(PathBuf::from);
        let file = folder.unwrap_or_else(|| self.directory.path().into()).join(format!("{name}.png"));
        let picture = self.client.screenshot().await.expect("a picture");
        std::fs::write(&file, picture).expect("the picture is written");
        file
    }

    /// Waits until an element can be seen.
    async fn wait(&self, css: &str) -> Element {
        let seen = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(element) = self.all(css).await.into_iter().next()
                    && element.is_displayed().await.unwrap_or(false)
                {
                    return element;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        if let Ok(element) = seen.await {
            return element;
        }
        panic!("no {css} to be seen; see {}", self.picture("missing").await.display())
    }

    async fn all(&self, css: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(css)).await.expect(css)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let processes = self.chromium.into_iter().chain([self.driver.id().into()]);
        let processes = processes.map(|process| process.to_string());
        drop(Command::new("kill").arg("-KILL").args(processes).status());
        drop(self.driver.wait());
    }
}

fn start_driver(program: &str, directory: &TempDir) -> (Child, u16) {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .env("HOME", directory.path())
        .env("TMPDIR", directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; tests/run installs it"));
    let output = BufReader::new(driver.stdout.take().expect("its output"));
    // "ChromeDriver was started successfully on port 40123."
    let port = output.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    (driver, port.unwrap_or_else(|| panic!("{program} did not say its port")))
}

/// chromedriver wants a path.
fn which(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).map(|folder| folder.join(program));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| panic!("no {program}; tests/run installs it"))
}
