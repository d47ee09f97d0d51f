using System.Text;
using System.Text.Json;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class JournalBodyTests
{
    [Theory]
    [InlineData("""{"event":"a","x":1}""", null, """{"name":"A"}""", null, """{"event":"a","x":1}""")]
    [InlineData("""{"event":"a"}""", null, """{"name":"A"}""", "asked by Ana", """{"event":"a","reason":"asked by Ana"}""")]
    [InlineData("""{"event":"a"}""", """{"name":"A","n":1,"same":[1,{"a":2}]}""", """{"name":"B","n":1,"same":[1,{"a":2}]}""", null, """{"event":"a","changes":{"name":{"from":"A","to":"B"}}}""")]
    [InlineData("""{"event":"a"}""", """{"gone":1}""", """{"new":[2]}""", "why", """{"event":"a","changes":{"new":{"to":[2]},"gone":{"from":1}},"reason":"why"}""")]
    [InlineData("""{"event":"a","reason":"its own"}""", """{"n":1}""", """{"n":1}""", "other", """{"event":"a","reason":"its own","changes":{}}""")]
    [InlineData("""{"event":"a","changes":1}""", """{"n":1}""", """{"n":2}""", null, """{"event":"a","changes":1}""")]
    public void Body_OfAChange_SaysFromToAndWhy(string change, string? before, string after, string? reason, string body) =>
        Assert.Equal(body, JournalBody.Of(change, before, after, reason));

    [Fact]
    public void Body_ThatWouldNotFit_KeepsTheNamesThenTheEvent()
    {
        var large = new string('x', JournalChain.MaxBodyBytes - 20);
        Assert.Equal("""{"event":"a","changes":{"note":{}}}""", JournalBody.Of("""{"event":"a"}""", """{"note":"n"}""", $$"""{"note":"{{large}}"}""", null));
        var full = $$"""{"event":"{{large}}"}""";
        Assert.Equal(full, JournalBody.Of(full, "{}", "{}", new string('y', 600)));
        Assert.True(Encoding.UTF8.GetByteCount(JournalBody.Of("""{"event":"a"}""", "{}", "{}", new string('y', 600))) < 600);
    }

    [Fact]
    public void Body_WithChanges_IsStillTheEvent()
    {
        OrganizationEvent change = new OrganizationEvent.Changed("B", "b", null, OrganizationPlan.TEAM, false, 3);
        var body = JournalBody.Of(JsonSerializer.Serialize(change, ForgeJson.Default.OrganizationEvent), """{"name":"A"}""", """{"name":"B"}""", "renamed");
        Assert.Equal(change, JsonSerializer.Deserialize(body, ForgeJson.Default.OrganizationEvent));
    }
}
