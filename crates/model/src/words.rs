//! The small closed sets of the vocabulary: form, direction, kind, class, life, audience.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes an enum with stable numbers (for the ledger) and stable names (for files and screens).
///
/// The name is taken as a `tt`, not a `literal`: a literal reaches the schema's derive wrapped and is not read there.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $number:literal, $text:tt;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant = $number,)+
        }

        impl $name {
            /// Every value, in the order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the name used in files and interfaces.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// Finds a value by its name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }

            /// Finds a value by its number in the ledger.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words!(
    /// Is what happened in an interaction. The numbers are stored in the ledger: they only grow.
    Form {
        /// Something was shown or seen.
        View = 0, "view";
        /// Something was clicked.
        Click = 1, "click";
        /// A place or site was visited.
        Visit = 2, "visit";
        /// A telephone or video call.
        Call = 3, "call";
        /// One message of any written channel.
        Message = 4, "message";
        /// A conversation in person or as a whole.
        Conversation = 5, "conversation";
        /// Something was bought, signed or enrolled for.
        Purchase = 6, "purchase";
        /// A publication was shared.
        Share = 7, "share";
        /// A printed piece was handed over or scanned.
        Brochure = 8, "brochure";
        /// An answer to an earlier interaction.
        Reply = 9, "reply";
        /// A public comment.
        Comment = 10, "comment";
        /// A review or rating.
        Review = 11, "review";
        /// An answer to a survey.
        SurveyAnswer = 12, "survey_answer";
        /// A complaint, a mark as spam included.
        Complaint = 13, "complaint";
        /// One customer recommended us to somebody.
        Referral = 14, "referral";
        /// Contact was refused for the future.
        Unsubscribe = 15, "unsubscribe";
        /// Something shown was closed by the person.
        Close = 16, "close";
        /// Something was downloaded.
        Download = 17, "download";
        /// A form was sent, data were left.
        Submission = 18, "submission";
        /// A parcel or service was delivered, or an order document sent.
        Delivery = 19, "delivery";
        /// A purchase was cancelled or returned.
        Cancellation = 20, "cancellation";
        /// An offer or coupon was redeemed.
        Redemption = 21, "redemption";
        /// Goods were put in a basket.
        Basket = 22, "basket";
        /// The product itself was used.
        Usage = 23, "usage";
        /// None of the above.
        Other = 24, "other";
    }
);

words!(
    /// Is who speaks to whom.
    Direction {
        /// Business to customer (→).
        Outbound = 0, "outbound";
        /// Customer to business (←).
        Inbound = 1, "inbound";
        /// Both at once (↔).
        TwoWay = 2, "two_way";
        /// Inside the organisation (⟲).
        Internal = 3, "internal";
    }
);

words!(
    /// Is the nature of a contact.
    Kind {
        /// A person meets a person.
        Human = 0, "human";
        /// A message that does not answer: print, sign, advertisement.
        Static = 1, "static";
        /// A thing or place.
        Physical = 2, "physical";
        /// Sound, sight, smell, touch or taste.
        Sensory = 3, "sensory";
        /// A screen that answers.
        Digital = 4, "digital";
    }
);

words!(
    /// Is who takes part in a touchpoint.
    Class {
        /// With customers or prospects.
        Customer = 0, "customer";
        /// Between departments.
        Internal = 1, "internal";
        /// With partners, suppliers, competitors.
        External = 2, "external";
    }
);

words!(
    /// Is where a touchpoint or channel stands in its own life.
    Life {
        /// Designed, not yet there.
        Planned = 0, "planned";
        /// In use.
        Live = 1, "live";
        /// Interrupted.
        Paused = 2, "paused";
        /// Given up; its history stays.
        Retired = 3, "retired";
    }
);

words!(
    /// Is the group a touchpoint is meant for.
    Audience {
        /// Has bought.
        Customer = 0, "customer";
        /// Has not bought yet.
        Prospect = 1, "prospect";
        /// Works with us.
        Partner = 2, "partner";
        /// Supplies us.
        Supplier = 3, "supplier";
        /// Sells the same.
        Competitor = 4, "competitor";
        /// A department of our own.
        Department = 5, "department";
        /// Our management.
        Management = 6, "management";
    }
);

impl Direction {
    /// Tells whether the business speaks.
    #[must_use]
    pub const fn reaches_customer(self) -> bool {
        matches!(self, Self::Outbound | Self::TwoWay)
    }

    /// Tells whether the customer can speak.
    #[must_use]
    pub const fn reaches_business(self) -> bool {
        matches!(self, Self::Inbound | Self::TwoWay)
    }
}

impl Form {
    /// Tells whether a customer who does this opens a conversation or fills a form (a request, M3).
    #[must_use]
    pub const fn is_request(self) -> bool {
        matches!(self, Self::Call | Self::Message | Self::Conversation | Self::Submission | Self::Comment | Self::Complaint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_inverse() {
        for form in Form::ALL {
            assert_eq!(Form::parse(form.name()), Some(*form));
            assert_eq!(Form::from_number(*form as u8), Some(*form));
        }
        assert_eq!(Form::from_number(200), None);
        assert_eq!(Direction::parse("sideways"), None);
    }

    #[test]
    fn the_interface_document_names_them_as_the_files_do() {
        use utoipa::PartialSchema;
        let schema = serde_json::to_string(&Direction::schema()).expect("serialises");
        assert!(schema.contains(r#"["outbound","inbound","two_way","internal"]"#), "{schema}");
    }
}
