using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.FileProviders;

namespace Forge.WebApi.Http;

/// <summary>The dashboard's page, read once at start, and the hashes of its inline scripts for the content security policy.</summary>
public sealed partial class IndexPage
{
    private readonly byte[]? _html;

    /// <summary>Reads <c>index.html</c> from the served files.</summary>
    public IndexPage(IFileProvider files)
    {
        var file = files.GetFileInfo("index.html");
        if (!file.Exists) return;
        using var stream = file.CreateReadStream();
        using var buffer = new MemoryStream();
        stream.CopyTo(buffer);
        _html = buffer.ToArray();
        ScriptHashes = HashesOf(Encoding.UTF8.GetString(_html));
    }

    /// <summary><c>sha256-…</c> of each inline script, in page order.</summary>
    public ImmutableArray<string> ScriptHashes { get; } = [];

    /// <summary>Sends the page for any address of the dashboard.</summary>
    public async Task SendAsync(HttpContext http)
    {
        if (_html is null)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        http.Response.ContentType = "text/html; charset=utf-8";
        http.Response.Headers.CacheControl = "no-cache";
        http.Response.ContentLength = _html.Length;
        if (!HttpMethods.IsHead(http.Request.Method)) await http.Response.Body.WriteAsync(_html, http.RequestAborted);
    }

    /// <summary>Hashes of the inline scripts of a page, as a browser computes them: over the text with line feeds only.</summary>
    public static ImmutableArray<string> HashesOf(string html) =>
        [.. InlineScript().Matches(html).Select(m => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(m.Groups["text"].Value.ReplaceLineEndings("\n")))))];

    [GeneratedRegex(@"<script\b(?![^>]*\bsrc\s*=)[^>]*>(?<text>.*?)</script\s*>", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex InlineScript();
}

/// <summary>Route constraint <c>page</c>: an address the dashboard routes itself, so neither API, hub, health nor a file.</summary>
internal sealed class PageConstraint : IRouteConstraint
{
    private static readonly string[] Reserved = ["api", "hubs", "healthz", "_framework", "_content", "metrics", "ops"];

    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection)
    {
        var path = values.TryGetValue(routeKey, out var value) ? value as string ?? "" : "";
        var first = path.AsSpan(0, path.IndexOf('/') is var slash and >= 0 ? slash : path.Length);
        foreach (var name in Reserved)
            if (first.Equals(name, StringComparison.OrdinalIgnoreCase)) return false;
        return !Path.HasExtension(path);
    }
}
