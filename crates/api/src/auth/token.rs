//! Access tokens: JWT, Ed25519, one audience, at most fifteen minutes. The key decides the algorithm, never the header.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use domain::id::{PersonId, SessionId};
use domain::session::{Audience, Session};
use domain::time::Instant;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{ApiError, ApiResult};

const ISSUER: &str = "zhixiang-pingcheng";
const LEEWAY_SECONDS: i64 = 5;
const LONGEST_SECONDS: i64 = 15 * 60;

/// Signs and reads access tokens.
pub struct TokenSigner {
    kid: String,
    signing: EncodingKey,
    reading: DecodingKey,
}

/// What an access token says.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    /// The one audience.
    pub aud: String,
    /// The person.
    pub sub: Uuid,
    /// The session.
    pub sid: Uuid,
    /// The session's version when the token was signed.
    pub ver: i64,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

impl Claims {
    /// When the token ends.
    pub fn ends(&self) -> Instant {
        Instant::from_timestamp(self.exp, 0).unwrap_or_default()
    }
}

impl TokenSigner {
    /// Takes the seed of the signing key.
    pub fn new(seed: &[u8; 32]) -> Self {
        let unusable = "any 32 bytes are an Ed25519 seed";
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap_or_else(|_| unreachable!("{unusable}"));
        let document = pair.to_pkcs8v1().unwrap_or_else(|_| unreachable!("{unusable}"));
        let public = pair.public_key().as_ref();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, public);
        Self {
            kid: data_encoding::HEXLOWER.encode(&digest.as_ref()[..8]),
            signing: EncodingKey::from_ed_der(document.as_ref()),
            reading: DecodingKey::from_ed_der(public),
        }
    }

    /// Signs a token for a session; answers it with the seconds it lives.
    pub fn sign(&self, session: &Session, person: PersonId, now: Instant) -> ApiResult<(String, i64)> {
        let lifetime = session.audience.access_lifetime().num_seconds();
        let issued = now.timestamp();
        let claims = Claims {
            iss: ISSUER.into(),
            aud: domain::code::Code::code(session.audience).into(),
            sub: person.uuid(),
            sid: session.id.uuid(),
            ver: session.version,
            iat: issued,
            nbf: issued,
            exp: issued + lifetime,
            jti: Uuid::now_v7(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.kid.clone());
        let token = encode(&header, &claims, &self.signing).map_err(ApiError::internal)?;
        Ok((token, lifetime))
    }

    /// Reads a token; nothing, if anything about it is wrong.
    pub fn read(&self, token: &str, now: Instant) -> Option<(Claims, Audience, SessionId)> {
        if token.len() > 2048 || decode_header(token).ok()?.kid.as_deref() != Some(&self.kid) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&["member", "merchant", "admin"]);
        validation.set_required_spec_claims(&["exp", "nbf", "aud", "iss", "sub"]);
        // Times are checked below, by the clock that everything else here goes by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = decode::<Claims>(token, &self.reading, &validation).ok()?.claims;
        let now = now.timestamp();
        let timely = now < claims.exp.checked_add(LEEWAY_SECONDS)?
            && claims.nbf <= now.checked_add(LEEWAY_SECONDS)?
            && claims.iat <= now.checked_add(LEEWAY_SECONDS)?
            && claims.exp.checked_sub(claims.iat)? <= LONGEST_SECONDS;
        let audience = domain::code::Code::from_code(&claims.aud)?;
        let session = SessionId::new(claims.sid);
        timely.then_some((claims, audience, session))
    }
}
