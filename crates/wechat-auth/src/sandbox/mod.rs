//! Answers in WeChat's place on a loopback port, so that the true client runs in development and
//! in every test. The grammar of its codes and its faults: the crate's README.

mod answer;
mod code;
mod codes;
mod credentials;
mod identity;
mod login;
mod phone_number;
mod refused;
mod stable_token;
mod state;
mod tokens;

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{App, HttpServer, dev::ServerHandle, web};

pub use credentials::{APP_ID, SECRET};
pub use identity::{openid_of, unionid_of};
pub use state::Counts;
use state::State;

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    address: SocketAddr,
    handle: ServerHandle,
    state: Arc<State>,
}

/// Starts a sandbox in the current tokio runtime. Port 0 picks a free one; anything but loopback
/// is refused, since its codes sign in whomever they name.
pub fn start(listen: SocketAddr) -> io::Result<Sandbox> {
    if !listen.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the WeChat sandbox listens on loopback only"));
    }
    let state = Arc::new(State::new());
    let data = web::Data::from(Arc::clone(&state));
    let server = HttpServer::new(move || App::new().app_data(data.clone()).configure(routes))
        .workers(1)
        .keep_alive(Duration::from_secs(75))
        .shutdown_timeout(0)
        .disable_signals()
        .bind(listen)?;
    let address = server.addrs()[0];
    let running = server.run();
    let handle = running.handle();
    tokio::spawn(running);
    Ok(Sandbox { address, handle, state })
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/sns/jscode2session").route(web::get().to(login::answer)))
        .service(
            web::resource("/cgi-bin/stable_token")
                .route(web::post().to(stable_token::answer))
                .default_service(web::to(refused::post_required)),
        )
        .service(
            web::resource("/wxa/business/getuserphonenumber")
                .route(web::post().to(phone_number::answer))
                .default_service(web::to(refused::post_required)),
        );
}

impl Sandbox {
    /// What a client's `base_url` must be.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How often each endpoint was asked.
    pub fn counts(&self) -> Counts {
        self.state.counts()
    }

    /// Lets every token run out: 42001.
    pub fn expire_tokens(&self) {
        self.state.tokens().expire(Instant::now());
    }

    /// Replaces every token, as when somebody forces a new one: 40001.
    pub fn supersede_tokens(&self) {
        self.state.tokens().supersede();
    }

    /// Forgets every token, as a restarted sandbox does: 40014.
    pub fn forget_tokens(&self) {
        self.state.tokens().forget();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // The command is sent by the call itself; the future would only wait for its end.
        drop(self.handle.stop(false));
    }
}
