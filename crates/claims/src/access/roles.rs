//! Who somebody is to the claims service, and what each may do.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads claims and decisions, with personal data blanked out.
    Viewer,
    /// An integrator's program: submits claims, has them processed, reads what became of them.
    Service,
    /// Works claims: all of the above, reviews, and the texts as they were written.
    Adjuster,
    /// Watches over adjusters.
    Supervisor,
    /// Everything.
    Admin,
}

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Probes and the page itself: no token is looked at.
    Nothing,
    /// A good token of any role.
    AnyRole,
    /// To read claims and decisions, redacted.
    Read,
    /// To hand claims in and have them processed.
    Submit,
    /// To see documents and texts with the personal data in them.
    OpenPersonalData,
    /// To decide in the place of the policy.
    Review,
    /// To overrule and to see figures about people's work.
    Supervise,
    Administer,
}

impl Need {
    /// The first role that is given it.
    pub fn least(self) -> Role {
        match self {
            Self::Nothing | Self::AnyRole | Self::Read => Role::Viewer,
            Self::Submit => Role::Service,
            Self::OpenPersonalData | Self::Review => Role::Adjuster,
            Self::Supervise => Role::Supervisor,
            Self::Administer => Role::Admin,
        }
    }
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Service, Self::Adjuster, Self::Supervisor, Self::Admin];

    pub fn may(self, need: Need) -> bool {
        self >= need.least()
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Service => "service",
            Self::Adjuster => "adjuster",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_what_is_written_and_no_more() {
        use Need::{Administer, AnyRole, Nothing, OpenPersonalData, Read, Review, Submit, Supervise};
        let table = [
            (Role::Viewer, vec![Nothing, AnyRole, Read]),
            (Role::Service, vec![Nothing, AnyRole, Read, Submit]),
            (Role::Adjuster, vec![Nothing, AnyRole, Read, Submit, OpenPersonalData, Review]),
            (Role::Supervisor, vec![Nothing, AnyRole, Read, Submit, OpenPersonalData, Review, Supervise]),
            (Role::Admin, vec![Nothing, AnyRole, Read, Submit, OpenPersonalData, Review, Supervise, Administer]),
        ];
        for (role, may) in table {
            for need in [Nothing, AnyRole, Read, Submit, OpenPersonalData, Review, Supervise, Administer] {
                assert_eq!(role.may(need), may.contains(&need), "{role:?} {need:?}");
            }
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        assert_eq!(Role::parse("Admin"), None);
    }
}
