namespace Forge.Dashboard.Components;

/// <summary>Field codes of the API as sentences.</summary>
public static class Words
{
    /// <summary>What a field code means for the person who filled the field.</summary>
    public static string Wrong(string code) => code switch
    {
        "required" => "This is needed.",
        "out_of_range" => "This value is outside the allowed range.",
        "too_long" => "This is too long.",
        "too_long_or_control" => "At most 120 characters, no control characters.",
        "too_short" => "This is too short.",
        "too_simple" => "Too easy to guess: it repeats a few characters.",
        "contains_product" or "contains_email" => "Too easy to guess: it is made of the product's name or your e-mail.",
        "common" or "too_common" => "Among the most common passwords, which are tried first.",
        "breached" or "leaked" => "This password stands in a list of leaked ones.",
        "contains_organization" => "Too easy to guess: it is made of a customer's name.",
        "too_many" => "These are too many.",
        "organization_unknown" => "There is no such organization.",
        "all_or_list" => "Either all organizations or a list, not both.",
        "use_unknown" => "There is no such use.",
        "network_format" => "A network looks like 10.1.0.0/16, or is one address.",
        "organization_format" => "Identifiers look like eu-7k3m9q2v4x.",
        "email_format" => "This is no e-mail address.",
        "required_or_too_long" => "1 to 120 characters.",
        "slug_format" => "3 to 40 lower-case letters, digits and dashes.",
        "unknown" => "There is no such value.",
        "zone_unknown" => "There is no such time zone.",
        "not_a_number" => "This is not a number.",
        "target_unreachable" => "100 % cannot be kept: promise less than that.",
        "more_than_open_of" => "Must not be more than the slots looked at.",
        "repeated" => "This is there twice.",
        "incomplete" => "Some are missing: send all of them.",
        "taken" or "slug_taken" or "external_id_taken" => "Another organization uses this already.",
        _ => code.Replace('_', ' '),
    };
}
