namespace Forge.Architecture.Tests;

/// <summary>Files stay readable in one sitting.</summary>
public sealed class FileSizeTests
{
    private const int MaxLines = 400;

    [Fact]
    public void Sources_EveryFile_HasAtMost400Lines()
    {
        var files = Repository.Sources("src", ".cs", ".razor", ".css", ".sql", ".js").Concat(Repository.Sources("tests", ".cs")).Where(f => !f.Path.EndsWith(".min.js", StringComparison.Ordinal)).ToList();
        Assert.True(files.Count > 50, $"Only {files.Count} files found: the rule looked in the wrong place.");
        Assert.Empty(TooLong(files));
    }

    [Fact]
    public void Rule_FileOf401Lines_IsNamed() =>
        Assert.Equal(["b.cs: 401 lines"], TooLong([("a.cs", Lines(MaxLines)), ("b.cs", Lines(MaxLines + 1))]));

    private static string Lines(int count) => string.Join('\n', Enumerable.Repeat("x", count)) + "\n";

    private static string[] TooLong(IEnumerable<(string Path, string Text)> files) =>
    [
        .. from file in files
           let lines = file.Text.TrimEnd('\n').Count(c => c == '\n') + 1
           where lines > MaxLines
           select $"{file.Path}: {lines} lines",
    ];
}
