namespace Forge.WebApi.Identity;

/// <summary>
/// Passwords that many people choose, as a rule of its own instead of a list of somebody: common words, keyboard rows and names, alone, doubled, or two in a row,
/// with the usual swaps of letters for digits, and with figures or signs around them. It covers well over 10,000 passwords of 15 characters and more.
/// </summary>
public static class CommonPasswords
{
    private static readonly HashSet<string> Words = new(
        """
        password passwort passw0rd passphrase secret geheim letmein welcome willkommen hello hallo login signin admin administrator root user guest test testing
        default changeme change temp temporary master manager service server system company office work computer internet network database security secure access
        monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december
        spring summer autumn winter sommer herbst season holiday christmas easter birthday
        love iloveyou forever always never whatever nothing something baby angel princess prince queen king lady lord god jesus heaven devil
        dragon monkey tiger lion eagle falcon panther shadow ghost phoenix unicorn butterfly flower rose daisy sunshine rainbow moonlight star starwars superman batman spiderman
        football soccer baseball basketball hockey tennis golf player winner champion legend hunter ranger killer ninja pirate warrior soldier hero trust trustno
        michael jennifer jessica ashley daniel charlie jordan thomas robert andrew matthew joshua anthony william george nicole michelle amanda samantha maggie buster bailey
        cookie chocolate cheese pepper ginger banana orange apple coffee whiskey merlin mustang ferrari porsche mercedes corvette harley yamaha
        london berlin paris america england germany france spain italy canada australia india china japan
        qwerty qwertz azerty qwertyuiop qwertzuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm yxcvbnm qazwsx qazwsxedc wsxedc abc abcd abcde abcdef abcdefg abcdefgh abcdefghijklmnop
        the my our your this that is a an and or for you me we one two three four five six seven eight nine ten big little new old good bad best first last
        correcthorsebatterystaple thisismypassword mypassword mysecret nopassword opensesame
        """.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries), StringComparer.Ordinal);

    private static readonly int Longest = Words.Max(w => w.Length);

    /// <summary>True when a password is one of them. Four or more different words in a row are not common, whatever the words.</summary>
    public static bool Contains(string password)
    {
        var letters = Letters(password);
        if (letters.Length == 0) return true;   // figures and signs only
        var parts = Split(letters);
        return parts is not null && parts.Distinct(StringComparer.Ordinal).Count() <= 3;
    }

    // The letters that are left: figures and signs at both ends fall away, those between letters are read as the letters they stand for.
    private static string Letters(string password)
    {
        var text = password.ToLowerInvariant().AsSpan();
        while (text.Length > 0 && !char.IsLetter(text[0])) text = text[1..];
        while (text.Length > 0 && !char.IsLetter(text[^1])) text = text[..^1];
        return new string([.. text.ToArray().Select(Plain).Where(char.IsLetter)]);
    }

    private static char Plain(char c) => c switch { '0' => 'o', '1' or '!' => 'i', '3' => 'e', '4' or '@' => 'a', '5' or '$' => 's', '7' => 't', _ => c };

    // The fewest words that make up the text, or null when they do not.
    private static List<string>? Split(string text)
    {
        var best = new List<string>?[text.Length + 1];
        best[0] = [];
        for (var end = 1; end <= text.Length; end++)
            for (var length = Math.Min(end, Longest); length >= 1; length--)
            {
                if (best[end - length] is not { } before) continue;
                var word = text.Substring(end - length, length);
                if (!Words.Contains(word)) continue;
                List<string> with = [.. before, word];
                if (best[end] is not { } known || with.Distinct(StringComparer.Ordinal).Count() < known.Distinct(StringComparer.Ordinal).Count()) best[end] = with;
            }
        return best[text.Length];
    }
}

/// <summary>
/// The operator's file of breached passwords (<c>Forge:Identity:BreachedPasswordsFile</c>): one upper-case hex SHA-1 a line, sorted, anything after a colon ignored,
/// as such lists are published. It is searched on disk, so its size does not matter.
/// </summary>
public sealed class BreachedPasswords(string? path)
{
    private const int HashLength = 40;

    /// <summary>True when the password is in the file; false without a file.</summary>
    /// <exception cref="IOException">The file is configured and cannot be read.</exception>
    public bool Contains(string password)
    {
        if (path is null) return false;
#pragma warning disable CA5350 // the published lists are of SHA-1; nothing is protected by it
        var wanted = Convert.ToHexString(System.Security.Cryptography.SHA1.HashData(System.Text.Encoding.UTF8.GetBytes(password)));
#pragma warning restore CA5350
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        long from = 0, to = file.Length;
        while (from < to)
        {
            // The first line that begins at or after the middle.
            var middle = from + (to - from) / 2;
            var (line, next) = LineAt(file, middle);
            var order = line.Length < HashLength ? 1 : string.CompareOrdinal(line[..HashLength].ToUpperInvariant(), wanted);
            if (order == 0) return true;
            if (order < 0) from = next;
            else to = middle;
        }
        return false;
    }

    private static (string Line, long Next) LineAt(FileStream file, long position)
    {
        file.Position = position == 0 ? 0 : position - 1;
        if (position > 0)
            while (file.ReadByte() is not (-1 or '\n'))
            {
            }
        var line = new System.Text.StringBuilder();
        int read;
        while ((read = file.ReadByte()) is not (-1 or '\n')) line.Append((char)read);
        return (line.ToString().TrimEnd('\r'), file.Position);
    }
}
