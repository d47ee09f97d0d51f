using System.Text.RegularExpressions;

namespace Forge.Architecture.Tests;

/// <summary>What the product's sources may not contain, each with the places that may and why. Source: security.md 8, 10 and 14.</summary>
public sealed partial class SecurityRulesTests
{
    private static readonly (string Name, Regex Pattern, string[] Files)[] Rules =
    [
        ("text of people as markup", Markup(), ["src/Dashboard/Components/Icon.razor"]),   // glyphs of our own
        ("code made at run time", Evaluation(), []),
        ("markup or code from text in a script", ScriptMarkup(), []),
        ("objects of scripts found by a name from outside", ScriptLookup(), []),
        ("values in browser storage", BrowserStorage(), ["src/Dashboard/wwwroot/js/forge.js", "src/Dashboard/wwwroot/js/theme.js"]),   // theme and view settings
        ("unsafe code", Unsafe(), []),
        ("XML", Xml(), []),
        ("serializers that take type names", Serializers(), []),
        ("other programs", Programs(), []),
        ("weak or own cryptography", WeakCryptography(), ["src/WebApi/Identity/CommonPasswords.cs"]),   // the form in which lists of breached passwords come
        ("chance that can be guessed", Chance(), ["src/Silo/Demo/DemoTraffic.cs", "src/Grains/OutboxGrain.cs"]),   // invented traffic, pauses between tries
        ("expressions from outside", Expressions(), []),
        ("other sites", CrossOrigin(), []),
        ("answers for developers", Developers(), []),
    ];

    private static readonly string[] ScriptsOnly = ["markup or code from text in a script", "objects of scripts found by a name from outside"];

    [Fact]
    public void Sources_OfTheProduct_KeepTheRules()
    {
        var sources = Repository.Sources("src", ".cs", ".razor", ".js", ".html").Where(f => !f.Path.EndsWith(".min.js", StringComparison.Ordinal)).ToList();
        Assert.True(sources.Count > 300, $"Only {sources.Count} files found: the rules looked in the wrong place.");
        Assert.Empty(Broken(sources));
        // What may be elsewhere is still there: a place nobody needs any more is taken off the list.
        foreach (var rule in Rules)
            foreach (var file in rule.Files) Assert.True(sources.Any(s => s.Path == file && rule.Pattern.IsMatch(Code(s.Text))), $"{file} needs no leave for {rule.Name}.");
    }

    [Theory]
    [InlineData("@((MarkupString)Model.Name)", "text of people as markup")]
    [InlineData("element.innerHTML = name;", "markup or code from text in a script")]
    [InlineData("const f = new Function(text);", "markup or code from text in a script")]
    [InlineData("window[name]()", "objects of scripts found by a name from outside")]
    [InlineData("localStorage.setItem(\"a\", b)", "values in browser storage")]
    [InlineData("CSharpScript.EvaluateAsync(text)", "code made at run time")]
    [InlineData("private static unsafe int X()", "unsafe code")]
    [InlineData("new XmlDocument()", "XML")]
    [InlineData("new BinaryFormatter()", "serializers that take type names")]
    [InlineData("Process.Start(\"sh\")", "other programs")]
    [InlineData("MD5.HashData(x)", "weak or own cryptography")]
    [InlineData("new Random()", "chance that can be guessed")]
    [InlineData("new Regex(text)", "expressions from outside")]
    [InlineData("services.AddCors()", "other sites")]
    [InlineData("app.UseDeveloperExceptionPage()", "answers for developers")]
    public void Rule_SourceThatBreaksIt_IsNamed(string line, string name) => Assert.Contains(Broken([("a.js", "class A\n{\n    " + line + "\n}\n")]), b => b.StartsWith("a.js: " + name, StringComparison.Ordinal));

    [Theory]
    [InlineData("// never new Random() here")]
    [InlineData("/// <summary>Not MD5.</summary>")]
    public void Rule_Comment_IsNone(string line) => Assert.Empty(Broken([("a.cs", line + "\n")]));

    // Values go into statements as parameters: no statement is put together from text. (?s:.) is not needed, statements are literals.
    [Fact]
    public void Statements_OfEveryQuery_AreConstants()
    {
        var sources = Repository.Sources("src", ".cs").ToList();
        var assigned = sources.SelectMany(s => Statement().Matches(Code(s.Text)).Select(m => (s.Path, m.Value))).ToList();
        Assert.True(assigned.Count >= 8, $"Only {assigned.Count} statements found.");
        Assert.Empty(assigned.Where(a => Interpolated().IsMatch(a.Value)).Select(a => a.Path + ": " + a.Value));
        Assert.Matches(Interpolated(), "command.CommandText = $\"SELECT {name}\";");
        Assert.Matches(Interpolated(), "store.SqlQueryRaw<int>($\"SELECT {name}\")");
    }

    private static string[] Broken(IEnumerable<(string Path, string Text)> sources) =>
    [
        .. from file in sources
           let code = Code(file.Text)
           from rule in Rules
           where !rule.Files.Contains(file.Path) && (!ScriptsOnly.Contains(rule.Name) || !file.Path.EndsWith(".cs", StringComparison.Ordinal))
           let match = rule.Pattern.Match(code)
           where match.Success
           select $"{file.Path}: {rule.Name} ({match.Value})",
    ];

    private static string Code(string text) => Comment().Replace(text, "");

    [GeneratedRegex(@"^\s*//.*$|(?<=[;{},)] *|^\s*)//.*$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\bMarkupString\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Markup();

    [GeneratedRegex(@"CSharpScript|\bAssembly\.Load(From|File)\(|Expression\.Lambda|ILGenerator|DynamicMethod", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Evaluation();

    [GeneratedRegex(@"(?<!wasm-unsafe-)\beval\(|new Function\(|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|srcdoc|setTimeout\(\s*[""'`]", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ScriptMarkup();

    [GeneratedRegex(@"\b(window|document|globalThis)\[|__proto__|Object\.assign\(", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex ScriptLookup();

    [GeneratedRegex(@"\b(localStorage|sessionStorage|indexedDB|document\.cookie)\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex BrowserStorage();

    [GeneratedRegex(@"\bunsafe\s+(static|void|int|byte|class|struct|\{)|\bstatic\s+unsafe\b|AllowUnsafeBlocks|\bfixed\s*\(", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\b(XmlDocument|XmlReader|XDocument|XmlSerializer|DataContractSerializer|XslCompiledTransform)\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Xml();

    [GeneratedRegex(@"\b(BinaryFormatter|NetDataContractSerializer|LosFormatter|TypeNameHandling|JavaScriptSerializer|Newtonsoft)\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Serializers();

    [GeneratedRegex(@"\bProcess\.Start\(|\bProcessStartInfo\b|DllImport|LibraryImport", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Programs();

    [GeneratedRegex(@"\b(MD5|SHA1|TripleDES|DES|RC2|HMACMD5|HMACSHA1|RijndaelManaged|RSAEncryptionPadding|RSASignaturePadding|AesCbc|CipherMode|AesManaged)\b", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex WeakCryptography();

    [GeneratedRegex(@"\bnew Random\(|\bRandom\.Shared\b|\bMath\.random\(", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Chance();

    [GeneratedRegex(@"\bnew Regex\(|\bRegex\.(IsMatch|Match|Matches|Replace|Split)\(|\bnew RegExp\(", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Expressions();

    [GeneratedRegex(@"\bAddCors\(|\bUseCors\(|Access-Control-Allow|addEventListener\(\s*[""']message[""']", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex CrossOrigin();

    [GeneratedRegex(@"UseDeveloperExceptionPage|EnableDetailedErrors = true|IncludeExceptionDetails|EnableSensitiveDataLogging|UseDirectoryBrowser|MapDebug", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Developers();

    [GeneratedRegex(@"(CommandText\s*=|(?:FromSqlRaw|ExecuteSqlRaw|ExecuteSqlRawAsync|SqlQueryRaw<[^>]*>)\()[^;]*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Statement();

    [GeneratedRegex(@"(CommandText\s*=|Raw(Async)?(<[^>]*>)?\()[^;]*(\$@?""|\$""""""|string\.(Format|Concat)\()", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Interpolated();
}
