//! QR codes as pictures.

use actix_web::HttpResponse;
use qrcode::QrCode;
use qrcode::render::svg;

use crate::error::{ApiError, ApiResult};

/// The text as an SVG that nobody may keep.
pub fn picture(text: &str) -> ApiResult<HttpResponse> {
    let code = QrCode::new(text).map_err(ApiError::internal)?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(HttpResponse::Ok().content_type("image/svg+xml").body(picture))
}
