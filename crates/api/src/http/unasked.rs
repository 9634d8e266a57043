//! Refuses what is asked of operations that take no query.

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;

use super::query::unknown;
use super::request_id;
use crate::openapi;

/// Refuses what is asked of an operation that nothing can be asked of: passed over, it would seem to have been heard.
pub async fn refuse_unasked(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if let Some((first, _)) = form_urlencoded::parse(request.query_string().as_bytes()).next()
        && let Some(path) = request.match_pattern()
        && openapi::takes_no_query(request.method().as_str(), &path)
    {
        let answer = unknown(&first).respond(&request_id::current());
        return Ok(request.into_response(answer));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
