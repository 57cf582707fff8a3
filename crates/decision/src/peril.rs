//! Lines of insurance and the events they insure.

use serde::{Deserialize, Serialize};

/// Line of insurance (branche).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    Auto,
    Home,
    Health,
    Travel,
    Life,
}

impl Product {
    pub const ALL: [Self; 5] = [Self::Auto, Self::Home, Self::Health, Self::Travel, Self::Life];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Home => "home",
            Self::Health => "health",
            Self::Travel => "travel",
            Self::Life => "life",
        }
    }

    /// `None` for anything but the five codes, case and outer blanks aside.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.into_iter().find(|product| product.as_str().eq_ignore_ascii_case(text))
    }
}

macro_rules! perils {
    ($($variant:ident = $text:literal,)*) => {
        /// Insured event (événement garanti).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        pub enum Peril {
            $(#[serde(rename = $text)] $variant,)*
            /// A code this version does not know. No contract covers it.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Peril {
            /// Every known peril.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::Unknown => "unknown" }
            }
        }
    };
}

perils! {
    Collision = "collision",
    Theft = "theft",
    Fire = "fire",
    Glass = "glass",
    Vandalism = "vandalism",
    Storm = "storm",
    WaterDamage = "water_damage",
    CatNat = "cat_nat",
    Electrical = "electrical",
    Consultation = "consultation",
    Hospitalisation = "hospitalisation",
    Dental = "dental",
    Optical = "optical",
    Pharmacy = "pharmacy",
    Cancellation = "cancellation",
    Baggage = "baggage",
    MedicalAbroad = "medical_abroad",
    Delay = "delay",
    Death = "death",
    Disability = "disability",
}

impl Peril {
    /// `None` for an unknown code, case and outer blanks aside.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::ALL.iter().copied().find(|peril| peril.as_str().eq_ignore_ascii_case(text))
    }
}
