using System.Text;
using System.Text.RegularExpressions;

namespace Forge.WebApi.Http;

/// <summary>
/// What a log line may not hold, whoever wrote it there: keys of machines, values of Authorization and cookies, passwords and seeds beside their name, links that open an account, local parts of e-mail addresses.
/// The last thing before a line leaves the process. Source: security.md 7 and 10.
/// </summary>
public static partial class LogMask
{
    /// <summary>What stands where a secret stood.</summary>
    public const string Hidden = "***";

    // A line of the log is short; one that takes longer than this is not written at all rather than unread.
    private const int PatienceMs = 1_000;

    /// <summary>The text without what must not be logged; the id of a machine's key stays, so that one can find it.</summary>
    public static string Secrets(string text)
    {
        try
        {
            text = MachineKey().Replace(text, "${kind}_${id}_" + Hidden);
            text = Authorization().Replace(text, "${scheme} " + Hidden);
            text = Cookie().Replace(text, "${name}=" + Hidden);
            text = Named().Replace(text, "${name}${quote}" + Hidden);
            text = Link().Replace(text, "${page}" + Hidden);
            return Email().Replace(text, "${first}" + Hidden + "@${host}");
        }
        catch (RegexMatchTimeoutException)
        {
            return "A line of " + text.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) + " characters could not be checked for secrets and was left out.";
        }
    }

    /// <summary>The text in one line: line breaks and other control characters are written out, so that no value can begin a line of its own.</summary>
    public static string OneLine(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') || !text.Any(IsBreak)) return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            if (c == '\n') line.Append("\\n");
            else if (c == '\r') line.Append("\\r");
            else if (c == '\t') line.Append("\\t");
            else if (IsBreak(c)) line.Append("\\u").Append(((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture));
            else line.Append(c);
        }
        return line.ToString();
    }

    // Besides control characters what some readers take for a line's end or for another direction of writing.
    private static bool IsBreak(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');

    [GeneratedRegex(@"(?<kind>f(?:ik|sv))_(?<id>[0-9A-Za-z]{1,16})_[A-Za-z0-9_-]+", RegexOptions.ExplicitCapture, PatienceMs)]
    private static partial Regex MachineKey();

    [GeneratedRegex(@"\b(?<scheme>Basic|Bearer|Negotiate|Digest) +[A-Za-z0-9+/=._~-]{4,}", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, PatienceMs)]
    private static partial Regex Authorization();

    [GeneratedRegex(@"(?<name>__Host-[A-Za-z-]+|\bforge[a-z-]*-local)=[^\s;,""'\\]+", RegexOptions.ExplicitCapture, PatienceMs)]
    private static partial Regex Cookie();

    // password=…, "password":"…", also inside JSON that is itself a JSON text.
    [GeneratedRegex(@"(?<name>(?:password|passwd|pwd|secret|seed|token|assertion|verifier|credential|api-?key|routing_key|csrf)\\?""?\s*[=:]\s*)(?<quote>\\?"")?(?(quote)[^""\\]+|[^\s;&,""'\\}\]]+)", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, PatienceMs)]
    private static partial Regex Named();

    // The link of the first start is not among them: the console is where its operator reads it.
    [GeneratedRegex(@"(?<page>/invitation#)[A-Za-z0-9_-]+", RegexOptions.ExplicitCapture, PatienceMs)]
    private static partial Regex Link();

    [GeneratedRegex(@"\b(?<first>[A-Za-z0-9])[A-Za-z0-9._%+-]*@(?<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)", RegexOptions.ExplicitCapture, PatienceMs)]
    private static partial Regex Email();
}
