using Forge.Dashboard.Identity;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Dashboard.Tests.Identity;

public sealed class PeopleListTests
{
    private static readonly UserView[] People =
    [
        Given.User("1", "Zoe", lastSignInAt: A.Start.AddHours(-1), roles: [Roles.Auditor]),
        Given.User("2", "adam", enabled: false, roles: [Roles.SeniorAdmin]),
        Given.User("3", "Mia", lockedUntil: A.Start.AddTicks(1), lastSignInAt: A.Start.AddHours(-2), roles: [Roles.SeniorAdmin, Roles.Auditor]),
    ];

    private static string Names(PeopleFilter filter) => string.Join(' ', PeopleList.Apply(People, filter, A.Start).Select(u => u.DisplayName));

    [Theory]
    [InlineData(-1, PersonState.Enabled)]
    [InlineData(0, PersonState.Enabled)]
    [InlineData(1, PersonState.Locked)]
    public void State_AroundTheEndOfALock_EndsWithIt(int ticks, PersonState expected) =>
        Assert.Equal(expected, PeopleList.StateOf(Given.User("1", "Zoe", lockedUntil: A.Start.AddTicks(ticks)), A.Start));

    [Fact]
    public void State_DisabledAndLocked_IsDisabled() => Assert.Equal(PersonState.Disabled, PeopleList.StateOf(Given.User("1", "Zoe", enabled: false, lockedUntil: A.Start.AddHours(1)), A.Start));

    [Theory]
    [InlineData(null, null, null, "name", "adam Mia Zoe")]
    [InlineData(null, null, null, "-name", "Zoe Mia adam")]
    [InlineData(null, null, null, "-lastSignInAt", "Zoe Mia adam")]
    [InlineData(" MI ", null, null, "name", "Mia")]
    [InlineData("adam@", null, null, "name", "adam")]
    [InlineData(null, Roles.SeniorAdmin, null, "name", "adam Mia")]
    [InlineData(null, Roles.SeniorAdmin, PersonState.Disabled, "name", "adam")]
    [InlineData(null, null, PersonState.Locked, "name", "Mia")]
    [InlineData(null, null, null, "no-such-field", "adam Mia Zoe")]
    public void People_Filtered_AreThoseInOrder(string? search, string? role, PersonState? state, string sort, string expected) =>
        Assert.Equal(expected, Names(new PeopleFilter(search, role, state, sort)));

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+49", "'+49")]
    [InlineData("-x", "'-x")]
    [InlineData("@sum", "'@sum")]
    [InlineData("O'Neil, \"Bo\"", "\"O'Neil, \"\"Bo\"\"\"")]
    [InlineData("Ana", "Ana")]
    public void Csv_NameThatASpreadsheetWouldRun_IsText(string name, string cell)
    {
        var csv = PeopleList.Csv([Given.User("1", "x") with { DisplayName = name }], A.Start);
        Assert.StartsWith(cell + ",", csv.Split("\r\n")[1], StringComparison.Ordinal);
    }
}
