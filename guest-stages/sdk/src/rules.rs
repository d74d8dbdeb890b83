//! The rules of a stage, each written down once: what judges and what people read are the same lines.

/// A rule that parts can break. `rules!` makes them, and a stage can hold a part against no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub(crate) name: &'static str,
    pub(crate) source: &'static str,
    pub(crate) is_bad: bool,
}

/// Something that should have been judged and could not be: it makes a verdict inconclusive. `rules!`
/// makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    pub(crate) name: &'static str,
}

/// Only `rules!` calls these, which writes each rule into the table, too.
#[doc(hidden)]
impl Rule {
    pub const fn fail(name: &'static str, source: &'static str) -> Self {
        Rule {
            name,
            source,
            is_bad: true,
        }
    }

    pub const fn warn(name: &'static str, source: &'static str) -> Self {
        Rule {
            name,
            source,
            is_bad: false,
        }
    }
}

#[doc(hidden)]
impl Gap {
    pub const fn unknown(name: &'static str) -> Self {
        Gap { name }
    }
}

/// A stage's table that has the rules of a shared one.
#[diagnostic::on_unimplemented(
    message = "the stage's rules have none of `{Shared}`",
    label = "this judges by rules that are not in the stage's table",
    note = "begin `rules!` with `use kernel_events;` or `use stress_endings;`"
)]
pub trait Has<Shared> {}

/// Declares a stage's rules, each with a doc comment that says in a sentence when it is broken (no
/// quotes or backslashes in it):
///
/// ```text
/// vetting_stage::rules! {
///     use kernel_events;
///
///     /// A fan turns slower than it may.
///     SLOW_FAN: fail slowest_fan;
///     /// A fan is far slower than those beside it.
///     ODD_FAN: warn "odd-fan" = "{odd_percent} % of their middle", "default";
///     /// A fan tells no speed.
///     SILENT_FAN: unknown "fan-speed";
/// }
/// ```
///
/// A part that breaks a `fail` is bad, one that breaks a `warn` is worth a look: these are constants of
/// the type [`Rule`]. `unknown` is what could not be judged, a [`Gap`]. Then comes either the
/// parameter that is the rule's limit, whose name and source are the rule's, too (`Parameters` must be
/// in scope); or the rule's name as reports have it, its limit in words with its unit, `{…}` around
/// parameters, and the limit's source: a standard, a manual page, a paper, or `default`. A rule may
/// have one line for each of the three.
///
/// `use` joins tables of the SDK, by the module: what judges by them asks for the `Table` that this
/// macro makes, too.
///
/// The table travels in the module's custom section `vetting:rules`, from where the build tool takes it
/// into the manifest. It holds the names of parameters in limits against the parameters that there are.
#[macro_export]
macro_rules! rules {
    (use $($shared:ident),+; $($own:tt)*) => {
        $crate::__rules!($($own)*);
        $(impl $crate::Has<$crate::$shared::Table> for Table {})+
        $crate::__section!("vetting:rules", &[Table::RULES, $($crate::$shared::Table::RULES),+]);
    };
    ($($own:tt)*) => {
        $crate::__rules!($($own)*);
        $crate::__section!("vetting:rules", &[Table::RULES]);
    };
}

/// The constants, and the table as text: JSON objects, one after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __rules {
    ($($(#[doc = $doc:literal])+ $rule:ident: $severity:ident $name:tt $(= $limit:literal, $source:literal)?;)*) => {
        $($crate::__rule! { [$(#[doc = $doc])+] $rule $severity $name $($limit $source)? })*

        /// The table of these rules.
        #[allow(dead_code)]
        #[derive(Clone, Copy, Debug)]
        pub struct Table;

        impl Table {
            /// The rules as text: JSON objects, one after the other.
            #[allow(dead_code)]
            pub const RULES: &'static str = ::core::concat!("", $(
                "{\"severity\":\"", ::core::stringify!($severity),
                "\",\"description\":\"", $($doc,)+
                $crate::__rule_fields!($name $($limit $source)?),
                "\"}",
            )*);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rule {
    ([$($doc:tt)+] $rule:ident unknown $name:literal $($limit:literal $source:literal)?) => {
        $($doc)+
        pub const $rule: $crate::Gap = $crate::Gap::unknown($name);
    };
    ([$($doc:tt)+] $rule:ident unknown $parameter:ident) => {
        $($doc)+
        pub const $rule: $crate::Gap = $crate::Gap::unknown(::core::stringify!($parameter));
        const _: fn(&Parameters) = |parameters| { let _there_is = &parameters.$parameter; };
    };
    ([$($doc:tt)+] $rule:ident $severity:ident $name:literal $limit:literal $source:literal) => {
        $($doc)+
        pub const $rule: $crate::Rule = $crate::Rule::$severity($name, $source);
    };
    ([$($doc:tt)+] $rule:ident $severity:ident $parameter:ident) => {
        $($doc)+
        pub const $rule: $crate::Rule = $crate::Rule::$severity(
            ::core::stringify!($parameter),
            Parameters::source(::core::stringify!($parameter)),
        );
        const _: fn(&Parameters) = |parameters| { let _there_is = &parameters.$parameter; };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __rule_fields {
    ($name:literal) => {
        ::core::concat!("\",\"name\":\"", $name)
    };
    ($name:literal $limit:literal $source:literal) => {
        ::core::concat!(
            "\",\"name\":\"",
            $name,
            "\",\"limit\":\"",
            $limit,
            "\",\"source\":\"",
            $source
        )
    };
    // The source is the parameter's, which the build tool has.
    ($parameter:ident) => {
        ::core::concat!(
            "\",\"name\":\"",
            ::core::stringify!($parameter),
            "\",\"limit\":\"{",
            ::core::stringify!($parameter),
            "}"
        )
    };
}

#[cfg(test)]
mod tests {
    crate::parameters! {
        /// The slowest that a fan may turn.
        slowest_fan: number = 500.0, "a paper";
    }

    crate::rules! {
        use kernel_events;

        /// A fan turns slower
        /// than it may.
        SLOW_FAN: fail slowest_fan;
        /// A fan is odd.
        ODD_FAN: warn "odd-fan" = "2 × {slowest_fan} 1/min", "default";
        /// A fan tells no speed.
        SILENT_FAN: unknown "fan-speed";
    }

    #[test]
    fn a_rule_is_named_and_explained_by_its_parameter_or_by_itself() {
        assert_eq!(SLOW_FAN, crate::Rule::fail("slowest_fan", "a paper"));
        assert_eq!(ODD_FAN, crate::Rule::warn("odd-fan", "default"));
        assert_eq!(SILENT_FAN, crate::Gap::unknown("fan-speed"));
    }

    #[test]
    fn the_table_is_json_objects_one_after_the_other() {
        let rows = |text: &str| -> Vec<serde_json::Value> {
            let rows = serde_json::Deserializer::from_str(text).into_iter();
            rows.collect::<Result<_, _>>().expect("JSON")
        };
        let own = rows(Table::RULES);
        assert_eq!(
            own[0],
            serde_json::json!({
                "name": "slowest_fan",
                "severity": "fail",
                "description": " A fan turns slower than it may.",
                "limit": "{slowest_fan}",
            })
        );
        assert_eq!(own[1]["source"], "default");
        assert_eq!(own[2]["severity"], "unknown");
        assert_eq!(own[2].get("limit"), None);
        for shared in [
            crate::kernel_events::Table::RULES,
            crate::stress_endings::Table::RULES,
        ] {
            assert!(rows(shared).iter().all(|row| row["name"].is_string()));
        }
    }
}
