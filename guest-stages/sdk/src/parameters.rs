//! Typed parameters: every threshold of a stage has a name, a default and a source.

use serde_json::Map;
pub use serde_json::Value;

/// A parameter that is missing or of the wrong type. The host validates before the stage runs, so
/// this means a host that does not fill defaults in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError(pub String);

impl std::fmt::Display for ParameterError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ParameterError> for String {
    fn from(error: ParameterError) -> Self {
        error.0
    }
}

/// A kind of parameter: how it is read from JSON.
pub trait Kind: Sized {
    /// Reads one.
    fn read(value: &Value) -> Option<Self>;
}

impl Kind for u64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}
impl Kind for f64 {
    fn read(value: &Value) -> Option<Self> {
        value.as_f64()
    }
}
impl Kind for bool {
    fn read(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}
impl Kind for String {
    fn read(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}
impl Kind for std::time::Duration {
    fn read(value: &Value) -> Option<Self> {
        milliseconds(value.as_str()?).map(std::time::Duration::from_millis)
    }
}
impl<T: Kind> Kind for Option<T> {
    fn read(value: &Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::read(value).map(Some)
        }
    }
}

/// Reads a duration such as `500ms`, `90s`, `5m`, `2h`.
pub fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Finds one parameter in the object that the host gave.
pub fn find<T: Kind>(object: &Map<String, Value>, name: &str) -> Result<T, ParameterError> {
    let value = object
        .get(name)
        .ok_or_else(|| ParameterError(format!("the host did not give the parameter `{name}`")))?;
    T::read(value)
        .ok_or_else(|| ParameterError(format!("the parameter `{name}` cannot be {value}")))
}

/// Declares a stage's parameters: `name: kind = default, "source";` with a doc comment each (no
/// quotes or backslashes in it).
///
/// Kinds: `integer` (u64), `number` (f64), `boolean`, `text`, `duration` (written `"90s"`),
/// `optional_integer`, `optional_number`, `optional_text` (default `null`).
///
/// Makes `struct Parameters` with a field each, its `Default`, `Parameters::read()` (from the
/// host), `Parameters::from_json`, and `Parameters::source(name)`. Their JSON Schema travels in the
/// module's custom section `vetting:parameters`, from where the build tool takes it into the
/// manifest: this macro is the only place where a parameter is written down.
#[macro_export]
macro_rules! parameters {
    ($($(#[doc = $doc:literal])+ $name:ident : $kind:ident = $default:tt, $source:literal;)*) => {
        /// The stage's parameters.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Parameters {
            $($(#[doc = $doc])+ pub $name: $crate::__parameter_type!($kind),)*
        }

        impl Parameters {
            /// The parameters of this attempt, as the host gives them.
            #[allow(dead_code)]
            pub fn read() -> ::core::result::Result<Self, $crate::ParameterError> {
                Self::from_json(&$crate::context::get().parameters)
            }

            /// The parameters from a JSON object that has all of them.
            pub fn from_json(json: &str) -> ::core::result::Result<Self, $crate::ParameterError> {
                let object = $crate::__serde_json::from_str(json)
                    .map_err(|e| $crate::ParameterError(::std::format!("the parameters are no JSON object: {e}")))?;
                ::core::result::Result::Ok(Parameters {
                    $($name: $crate::find(&object, ::core::stringify!($name))?,)*
                })
            }

            /// Where the default of a parameter comes from.
            #[allow(dead_code)]
            pub const fn source(name: &str) -> &'static str {
                $(if $crate::__same(name, ::core::stringify!($name)) {
                    return $source;
                })*
                "default"
            }

            /// The defaults, as a JSON object.
            pub const DEFAULTS: &'static str = $crate::__join!("{", "}"; $([
                "\"", ::core::stringify!($name), "\":", ::core::stringify!($default)
            ])*);

            /// The parameters' JSON Schema properties, as a JSON object.
            #[allow(dead_code)]
            pub const SCHEMA: &'static str = $crate::__join!("{", "}"; $([
                "\"", ::core::stringify!($name), "\":{",
                $crate::__parameter_schema!($kind),
                ",\"default\":", ::core::stringify!($default),
                ",\"description\":\"", $($doc,)+ "\"",
                ",\"x-source\":\"", $source, "\"}"
            ])*);
        }

        impl ::core::default::Default for Parameters {
            fn default() -> Self {
                match Self::from_json(Self::DEFAULTS) {
                    Ok(parameters) => parameters,
                    Err(error) => ::core::panic!("the stage's own defaults: {error}"),
                }
            }
        }

        $crate::__section!("vetting:parameters", &[Parameters::SCHEMA]);
    };
}

/// Joins the bracketed pieces with commas, between an opening and a closing text.
#[doc(hidden)]
#[macro_export]
macro_rules! __join {
    ($open:literal, $close:literal;) => { ::core::concat!($open, $close) };
    ($open:literal, $close:literal; [$($first:tt)*] $([$($rest:tt)*])*) => {
        ::core::concat!($open, $($first)*, $(",", $($rest)*,)* $close)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __parameter_type {
    (integer) => { u64 };
    (number) => { f64 };
    (boolean) => { bool };
    (text) => { ::std::string::String };
    (duration) => { ::core::time::Duration };
    (optional_integer) => { ::core::option::Option<u64> };
    (optional_number) => { ::core::option::Option<f64> };
    (optional_text) => { ::core::option::Option<::std::string::String> };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __parameter_schema {
    (integer) => {
        "\"type\":\"integer\",\"minimum\":0"
    };
    (number) => {
        "\"type\":\"number\""
    };
    (boolean) => {
        "\"type\":\"boolean\""
    };
    (text) => {
        "\"type\":\"string\""
    };
    (duration) => {
        "\"type\":\"string\",\"format\":\"vetting-duration\",\"pattern\":\"^[0-9]+(ms|s|m|h)$\""
    };
    (optional_integer) => {
        "\"type\":[\"integer\",\"null\"],\"minimum\":0"
    };
    (optional_number) => {
        "\"type\":[\"number\",\"null\"]"
    };
    (optional_text) => {
        "\"type\":[\"string\",\"null\"]"
    };
}

#[cfg(test)]
mod tests {
    crate::parameters! {
        /// How long to look.
        duration: duration = "90s", "default";
        /// How many are tolerated.
        tolerated: integer = 3, "a paper";
        /// How many there should be.
        expected: optional_integer = null, "the spec";
    }

    #[test]
    fn defaults_are_read_back() {
        let parameters = Parameters::default();
        assert_eq!(parameters.duration.as_secs(), 90);
        assert_eq!(parameters.tolerated, 3);
        assert_eq!(parameters.expected, None);
        assert_eq!(Parameters::source("tolerated"), "a paper");
    }

    #[test]
    fn the_schema_is_json() {
        let schema: serde_json::Value = serde_json::from_str(Parameters::SCHEMA).expect("JSON");
        assert_eq!(schema["tolerated"]["default"], 3);
        assert_eq!(schema["expected"]["type"][1], "null");
        assert_eq!(schema["duration"]["description"], " How long to look.");
    }

    #[test]
    fn a_missing_or_wrong_parameter_is_named() {
        let error = Parameters::from_json("{\"duration\":\"1s\"}").expect_err("missing");
        assert!(error.0.contains("`tolerated`"), "{error}");
        let error = Parameters::from_json("{\"duration\":7}").expect_err("wrong");
        assert!(error.0.contains("`duration`"), "{error}");
    }

    #[test]
    fn durations() {
        assert_eq!(super::milliseconds("500ms"), Some(500));
        assert_eq!(super::milliseconds("2h"), Some(7_200_000));
        assert_eq!(super::milliseconds("2 h"), None);
        assert_eq!(super::milliseconds("99999999999999999999h"), None);
        assert_eq!(super::milliseconds("7"), None);
    }
}
