//! The application: the same for `serve` and for the tests.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{self, PathConfig, QueryConfig};
use actix_web::{App, HttpRequest, HttpServer};
use domain::session::Audience;
use utoipa_actix_web::{AppExt, scope};

use crate::error::ApiError;
use crate::error_code::ErrorCode;
use crate::features::{console, development, health};
use crate::http::front::front;
use crate::state::State;
use crate::{openapi, routes};

/// A server that is listening.
pub struct Running {
    /// Where the public listener listens.
    pub public: SocketAddr,
    /// Where the management listener listens, if it is another one.
    pub management: Option<SocketAddr>,
    /// Resolves when the server has ended.
    pub ended: tokio::task::JoinHandle<io::Result<()>>,
    /// Stops the server.
    pub handles: Vec<ServerHandle>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Listener {
    Everything,
    Public,
    Management,
}

/// Binds the listeners of the settings and serves in the background.
pub fn start(state: web::Data<State>) -> io::Result<Running> {
    health::collect_metrics();
    let settings = state.config.server.clone();
    let first = if settings.management_listen.is_some() { Listener::Public } else { Listener::Everything };
    let (public, server) = listen(state.clone(), settings.listen, first)?;
    let mut handles = vec![server.handle()];
    let Some(address) = settings.management_listen else {
        return Ok(Running { public, management: None, ended: tokio::spawn(server), handles });
    };
    let (management, second) = listen(state, address, Listener::Management)?;
    handles.push(second.handle());
    let ended = tokio::spawn(async move {
        let (one, other) = futures_util::future::join(server, second).await;
        one.and(other)
    });
    Ok(Running { public, management: Some(management), ended, handles })
}

fn listen(
    state: web::Data<State>,
    address: SocketAddr,
    listener: Listener,
) -> io::Result<(SocketAddr, actix_web::dev::Server)> {
    let setting = match listener {
        Listener::Management => "ZHIXIANG__SERVER__MANAGEMENT_LISTEN",
        Listener::Everything | Listener::Public => "ZHIXIANG__SERVER__LISTEN",
    };
    let workers = state.config.server.workers;
    let development = state.config.development();
    let known = Arc::new(KnownPaths::of_contracts());
    let console = (listener != Listener::Public).then(console::Files::built_in);
    let callable = console::Callable { everybody: development && listener == Listener::Everything };
    let mut server = HttpServer::new(move || {
        let known = Arc::clone(&known);
        let (app, _) = App::new()
            .into_utoipa_app()
            .app_data(state.clone())
            .app_data(PathConfig::default().error_handler(|_, _| ApiError::not_found().into()))
            .app_data(QueryConfig::default().error_handler(|error, _| unreadable_query(&error).into()))
            .service(scope(routes::BASE).configure(|api| {
                api.service(scope("/auth").configure(|auth| match listener {
                    Listener::Everything => {
                        auth.configure(crate::features::session::wechat_routes).configure(routes::admin_auth);
                    }
                    Listener::Public => routes::auth(auth),
                    Listener::Management => routes::admin_auth(auth),
                }));
                if listener != Listener::Management {
                    api.configure(routes::public);
                }
                if listener != Listener::Public {
                    api.configure(routes::management);
                }
                if development && listener != Listener::Management {
                    api.map(|api| api.service(web::scope("/dev").configure(development::routes)));
                }
            }))
            .split_for_parts();
        app.configure(health::routes)
            .configure(|app| {
                if let Some(console) = &console {
                    app.configure(health::management_routes).configure(|app| console::routes(app, console, callable));
                }
            })
            .default_service(web::to(move |request: HttpRequest| {
                std::future::ready(Err::<&str, ApiError>(known.refuse(&request)))
            }))
            .wrap(from_fn(front))
    });
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    let server = server
        .client_request_timeout(std::time::Duration::from_secs(5))
        .shutdown_timeout(10)
        .disable_signals()
        .bind(address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}; set {setting}")))?;
    let bound = server.addrs().first().copied().ok_or_else(|| io::Error::other("no address was bound"))?;
    Ok((bound, server.run()))
}

/// The paths of the contracts, to tell a wrong method from a wrong path.
struct KnownPaths(Vec<actix_web::dev::ResourceDef>);

impl KnownPaths {
    fn of_contracts() -> Self {
        let audiences = [Audience::Member, Audience::Merchant, Audience::Admin];
        let documents = audiences.map(openapi::document);
        let paths = documents.iter().flat_map(|document| document.paths.paths.keys());
        Self(paths.map(|path| actix_web::dev::ResourceDef::new(path.as_str())).collect())
    }

    fn refuse(&self, request: &HttpRequest) -> ApiError {
        if self.0.iter().any(|path| path.is_match(request.path())) {
            return ApiError::new(ErrorCode::MethodNotAllowed, "这个地址不支持这种请求方式");
        }
        ApiError::new(ErrorCode::NotFound, "没有这个地址")
    }
}

fn unreadable_query(error: &actix_web::error::QueryPayloadError) -> ApiError {
    let message = error.to_string();
    let field = message.split('`').nth(1).unwrap_or("query").to_owned();
    let sentence = if message.contains("unknown field") {
        "没有这个查询条件"
    } else if message.contains("duplicate field") {
        "只能出现一次"
    } else {
        "取值不正确"
    };
    ApiError::field(field, sentence)
}
