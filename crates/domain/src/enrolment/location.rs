//! Where a member was on arrival: evidence beside the code, never a condition.

use thiserror::Error;

/// A place in gcj02, the coordinates that WeChat gives in China.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How exact it is, in metres.
    pub accuracy_m: f64,
}

/// No such place lies where gcj02 is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocationError {
    /// Outside China, or latitude and longitude changed places.
    #[error("坐标应在中国境内，请检查经纬度是否颠倒")]
    Outside,
    /// No distance.
    #[error("精度应为 0 到 100000 米")]
    Accuracy,
}

impl Location {
    /// A place in gcj02, kept to about a metre.
    pub fn gcj02(latitude: f64, longitude: f64, accuracy_m: f64) -> Result<Self, LocationError> {
        if !(3.0..=54.0).contains(&latitude) || !(73.0..=136.0).contains(&longitude) {
            return Err(LocationError::Outside);
        }
        if !(0.0..=100_000.0).contains(&accuracy_m) {
            return Err(LocationError::Accuracy);
        }
        let rounded = |degrees: f64| (degrees * 1e5).round() / 1e5;
        Ok(Self { latitude: rounded(latitude), longitude: rounded(longitude), accuracy_m: accuracy_m.round() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_outside_china_are_refused() {
        let datong = Location::gcj02(40.076_543_21, 113.300_123_49, 35.4);
        assert_eq!(datong, Ok(Location { latitude: 40.07654, longitude: 113.30012, accuracy_m: 35.0 }));
        assert_eq!(Location::gcj02(113.3, 40.0, 1.0), Err(LocationError::Outside));
        assert_eq!(Location::gcj02(f64::NAN, 113.3, 1.0), Err(LocationError::Outside));
        assert_eq!(Location::gcj02(40.0, f64::INFINITY, 1.0), Err(LocationError::Outside));
        assert_eq!(Location::gcj02(40.0, 113.3, -1.0), Err(LocationError::Accuracy));
        assert_eq!(Location::gcj02(40.0, 113.3, f64::NAN), Err(LocationError::Accuracy));
    }
}
