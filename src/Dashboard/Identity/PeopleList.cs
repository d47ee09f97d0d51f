using System.Globalization;
using System.Text;
using Forge.Domain.Audit;

namespace Forge.Dashboard.Identity;

/// <summary>State of a person's account as lists show and filter it. Names are those of the address.</summary>
public enum PersonState
{
    /// <summary>May sign in.</summary>
    Enabled,

    /// <summary>The password way is closed for some minutes after wrong passwords.</summary>
    Locked,

    /// <summary>May not sign in.</summary>
    Disabled,
}

/// <summary>What of the people is shown, and in which order. Everything comes from the address.</summary>
/// <param name="Search">Part of name or e-mail.</param>
/// <param name="Role">Only this role.</param>
/// <param name="State">Only this state.</param>
/// <param name="Sort"><c>name</c>, <c>email</c>, <c>lastSignInAt</c>, <c>createdAt</c>, <c>sessions</c>; a minus in front for descending.</param>
public sealed record PeopleFilter(string? Search, string? Role, PersonState? State, string Sort);

/// <summary>Filtering, sorting and export of people; the server answers all of them at once.</summary>
public static class PeopleList
{
    /// <summary>State of a person at an instant.</summary>
    public static PersonState StateOf(UserView user, DateTimeOffset now) =>
        !user.Enabled ? PersonState.Disabled : user.LockedUntil > now ? PersonState.Locked : PersonState.Enabled;

    /// <summary>The people that a filter lets through, in its order; ties by e-mail.</summary>
    public static List<UserView> Apply(IEnumerable<UserView> people, PeopleFilter filter, DateTimeOffset now)
    {
        var chosen = people.Where(u =>
            (string.IsNullOrWhiteSpace(filter.Search) || Has(u.DisplayName, filter.Search) || Has(u.Email, filter.Search))
            && (string.IsNullOrEmpty(filter.Role) || u.Roles.Contains(filter.Role))
            && (filter.State is null || StateOf(u, now) == filter.State));
        var descending = filter.Sort.StartsWith('-');
        IOrderedEnumerable<UserView> sorted = filter.Sort.TrimStart('-') switch
        {
            "email" => Order(chosen, u => u.Email, descending, StringComparer.OrdinalIgnoreCase),
            "lastSignInAt" => Order(chosen, u => u.LastSignInAt ?? DateTimeOffset.MinValue, descending, null),
            "createdAt" => Order(chosen, u => u.CreatedAt, descending, null),
            "sessions" => Order(chosen, u => u.Sessions, descending, null),
            _ => Order(chosen, u => u.DisplayName, descending, StringComparer.OrdinalIgnoreCase),
        };
        return [.. sorted.ThenBy(u => u.Email, StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>The people as CSV with a head line. A cell that a spreadsheet would take for a formula gets an apostrophe in front.</summary>
    public static string Csv(IEnumerable<UserView> people, DateTimeOffset now)
    {
        var text = new StringBuilder("name,email,state,roles,lastSignInAt,createdAt,seniorSince,openSessions,passkeys,authenticatorApp\r\n");
        foreach (var u in people)
        {
            text.AppendJoin(',', Cell(u.DisplayName), Cell(u.Email), StateOf(u, now), Cell(string.Join(' ', u.Roles)), Time(u.LastSignInAt), Time(u.CreatedAt), Time(u.SeniorSince),
                u.Sessions.ToString(CultureInfo.InvariantCulture), u.Passkeys.ToString(CultureInfo.InvariantCulture), u.HasTotp ? "yes" : "no").Append("\r\n");
        }
        return text.ToString();
    }

    private static string Time(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) ?? "";

    private static string Cell(string value)
    {
        var safe = value.Length > 0 && "=+-@\t\r".Contains(value[0], StringComparison.Ordinal) ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : "\"" + safe.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
    }

    private static bool Has(string text, string part) => text.Contains(part.Trim(), StringComparison.OrdinalIgnoreCase);

    private static IOrderedEnumerable<UserView> Order<T>(IEnumerable<UserView> people, Func<UserView, T> key, bool descending, IComparer<T>? comparer) =>
        descending ? people.OrderByDescending(key, comparer) : people.OrderBy(key, comparer);
}
