namespace Forge.Domain;

/// <summary>Where an organization's data lives; fixed for its life.</summary>
[GenerateSerializer, Alias("forge.Region")]
public enum Region
{
    /// <summary>United States; prefix <c>us</c>.</summary>
    US = 0,

    /// <summary>European Union; prefix <c>eu</c>.</summary>
    EU = 1,

    /// <summary>Asia-Pacific; prefix <c>apac</c>.</summary>
    APAC = 2,
}

/// <summary>Identifiers of organizations: <c>{region}-{10 lower-case Crockford base32}</c>, e.g. <c>eu-7k3m9q2v4x</c>.</summary>
public static class OrganizationId
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>The journal chain of what belongs to no organization.</summary>
    public const string PlatformChain = "platform";

    /// <summary>Mints an identifier from at least 10 random bytes given by the caller.</summary>
    public static string Mint(Region region, ReadOnlySpan<byte> random)
    {
        if (random.Length < 10) throw new ArgumentException("At least 10 random bytes are needed.", nameof(random));
        Span<char> text = stackalloc char[10];
        for (var i = 0; i < text.Length; i++) text[i] = Alphabet[random[i] & 31];
        return string.Concat(Prefix(region), "-", text);
    }

    /// <summary>The prefix of a region.</summary>
    public static string Prefix(Region region) => region switch { Region.US => "us", Region.EU => "eu", _ => "apac" };

    /// <summary>True for a well-formed identifier; says nothing about whether the organization exists.</summary>
    public static bool IsValid(ReadOnlySpan<char> id)
    {
        var dash = id.IndexOf('-');
        if (dash < 2 || id.Length - dash - 1 != 10) return false;
        var prefix = id[..dash];
        if (prefix is not ("us" or "eu" or "apac")) return false;
        foreach (var c in id[(dash + 1)..])
            if (!Alphabet.Contains(c, StringComparison.Ordinal)) return false;
        return true;
    }
}
