using System.Collections.Concurrent;
using System.Text.Json;
using Forge.EndToEnd.Tests.Harness;
using Forge.Testing;
using Microsoft.Playwright;

namespace Forge.EndToEnd.Tests.Identity;

/// <summary>
/// Signing up, in and out as people do it, in Chromium against the shipped product: nothing is called that a page does not offer. Passkeys are those of Chromium's virtual
/// authenticator. Every place on the way is looked at for accessibility findings and for things wider than the screen.
/// </summary>
public sealed class IdentityPagesTests(PublishedProduct published, Browser browser)
{
    private const string Password = "correct horse battery 81";
    private static readonly LocatorAssertionsToBeVisibleOptions Soon = new() { Timeout = 30_000 };

    private readonly ConcurrentQueue<string> _findings = new();

    [Fact]
    public async Task FirstStart_WithAnAuthenticatorApp_SignsInByCodeAndAfterItsLossByRecoveryCode()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        await using var ana = await browser.OpenAsync(product.Named, 390, 844, ColorScheme.Light);
        await PasskeysAsync(ana);
        await ana.Page.GotoAsync("/setup#" + await product.SetupTokenAsync());
        await ana.Page.GetByText("Password and authenticator app").ClickAsync();
        Assert.DoesNotContain('#', ana.Page.Url);
        var (seed, codes) = await EnrolByAppAsync(ana, "ana@novak.example");
        await Button(ana, "Go on").ClickAsync();
        await SeenAsync(ana, "You are the first senior admin");

        await ana.Page.GotoAsync("/account");
        await SeenAsync(ana, "You sign in with a password and a code.");
        await LookAsync(ana, "account");
        await SignOutAsync(ana);
        await ana.SignInAsync("ana@novak.example", new Forge.Load.Credentials(Password, seed));
        await SeenAsync(ana, "SLA overview");
        await SignOutAsync(ana);

        // The app is lost: a recovery code opens the account and nothing else until there is a new factor.
        await ana.Page.GotoAsync("/sign-in?return=organizations");
        await ana.Page.GetByLabel("E-mail").FillAsync("ana@novak.example");
        await ana.Page.GetByLabel("Password").FillAsync(Password);
        await Button(ana, "Continue").ClickAsync();
        await Button(ana, "Use a recovery code instead").ClickAsync();
        await ana.Page.GetByLabel("Recovery code").FillAsync(codes[3].ToLowerInvariant());
        await LookAsync(ana, "recovery code");
        await ana.Page.Keyboard.PressAsync("Enter");
        await SeenAsync(ana, "Add a new authenticator app or a passkey first.");
        await ana.Page.EvaluateAsync("() => Blazor.navigateTo('/organizations')");
        await Assertions.Expect(ana.Page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("/account$", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await Button(ana, "Add a passkey").ClickAsync();
        await ana.Page.GetByLabel("Name").FillAsync("Phone");
        await Button(ana, "Make the passkey").ClickAsync();
        await Assertions.Expect(ana.Page.GetByText("Phone", new PageGetByTextOptions { Exact = true })).ToBeVisibleAsync(Soon);
        await Assertions.Expect(ana.Page.GetByText("Add a new authenticator app or a passkey first.")).ToHaveCountAsync(0);
        await SeenAsync(ana, "9 of 10 left");
        await ana.Page.EvaluateAsync("() => Blazor.navigateTo('/organizations')");
        await Assertions.Expect(ana.Page).ToHaveTitleAsync("Organizations · Forge");
        Assert.True(_findings.IsEmpty, string.Join('\n', _findings));
    }

    [Fact]
    public async Task SeniorAdmin_WithAPasskey_InvitesASecondPersonAndEndsTheirSession()
    {
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        await using var ana = await browser.OpenAsync(product.Named);
        await PasskeysAsync(ana);
        await ana.Page.GotoAsync("/setup#" + await product.SetupTokenAsync());
        await ana.Page.GetByLabel("Your name").FillAsync("Ana Novak");
        await ana.Page.GetByLabel("E-mail").FillAsync("ana@novak.example");
        await LookAsync(ana, "setup");
        await Button(ana, "Continue").ClickAsync();
        await ana.Page.GetByLabel("Name of the passkey").FillAsync("Laptop");
        await Button(ana, "Make the passkey").ClickAsync();
        await SeenAsync(ana, "You are the first senior admin");

        // Signing out in one tab ends the other one too; a passkey leads back in.
        var other = await ana.Page.Context.NewPageAsync();
        await other.GotoAsync("/organizations");
        await Assertions.Expect(other).ToHaveTitleAsync("Organizations · Forge", new PageAssertionsToHaveTitleOptions { Timeout = 30_000 });
        await ana.Page.GotoAsync("/account");
        await SignOutAsync(ana);
        await Assertions.Expect(other.GetByText("You signed out in another tab.")).ToBeVisibleAsync(Soon);
        await other.CloseAsync();
        await LookAsync(ana, "sign-in");
        await Button(ana, "Use a passkey").ClickAsync();
        await SeenAsync(ana, "SLA overview");

        // An invitation needs a proof of its own: left once, nothing happens; given, the link is shown once.
        await ana.Page.EvaluateAsync("() => Blazor.navigateTo('/admin/users')");
        await SeenAsync(ana, "There is only one enabled senior admin.");
        await LookAsync(ana, "people");
        await Button(ana, "Invite a person").ClickAsync();
        await ana.Page.GetByLabel("E-mail", new PageGetByLabelOptions { Exact = true }).FillAsync("bo@novak.example");
        await ana.Page.GetByRole(AriaRole.Checkbox, new PageGetByRoleOptions { Name = "Senior admin" }).CheckAsync();
        await ana.Page.GetByLabel("Reason").FillAsync("Break-glass needs two");
        await LookAsync(ana, "invite");
        await Button(ana, "Make the link").ClickAsync();
        var confirm = ana.Page.GetByRole(AriaRole.Dialog, new PageGetByRoleOptions { Name = "Confirm that it is you" });
        await Assertions.Expect(confirm.GetByText("to invite bo@novak.example")).ToBeVisibleAsync(Soon);
        await Assertions.Expect(confirm.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Use a passkey" })).ToBeFocusedAsync();
        await LookAsync(ana, "step-up");
        await ana.Page.Keyboard.PressAsync("Escape");
        await SeenAsync(ana, "Not done: you did not confirm that it is you");
        await Button(ana, "Make the link").ClickAsync();
        await confirm.GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Use a passkey" }).ClickAsync();
        var link = await ana.Page.Locator("dialog .secret code").InnerTextAsync(new LocatorInnerTextOptions { Timeout = 30_000 });
        await LookAsync(ana, "link");
        await Button(ana, "I have handed it over").ClickAsync();

        // Bo opens the link in another browser.
        await using var bo = await browser.OpenAsync(product.Named, 390, 844, ColorScheme.Light);
        var fragment = new Uri(link).PathAndQuery + new Uri(link).Fragment;
        await bo.Page.GotoAsync(fragment);
        await SeenAsync(bo, "Your account will be bo@novak.example");
        await LookAsync(bo, "invitation");
        await bo.Page.GetByText("Password and authenticator app").ClickAsync();
        await EnrolByAppAsync(bo, null);
        await Button(bo, "Go on").ClickAsync();
        await SeenAsync(bo, "SLA overview");
        await bo.Page.GotoAsync("/organizations?region=EU");
        await Assertions.Expect(bo.Page).ToHaveTitleAsync("Organizations · Forge", new PageAssertionsToHaveTitleOptions { Timeout = 30_000 });
        await using var late = await browser.OpenAsync(product.Named);
        await late.Page.GotoAsync(fragment);
        await SeenAsync(late, "This link does not work any more");

        // There are two now; Ana ends Bo's session, and Bo's open page is led to sign-in with the way back.
        await ana.Page.ReloadAsync();
        await ana.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "Bo" }).ClickAsync();
        await LookAsync(ana, "person");
        await Assertions.Expect(ana.Page.GetByText("There is only one enabled senior admin.")).ToHaveCountAsync(0);
        await ana.Page.Locator(".drawer .sessions").GetByRole(AriaRole.Button).ClickAsync();
        await Assertions.Expect(ana.Page.GetByText("Nobody is signed in to this account.")).ToBeVisibleAsync(Soon);
        await SeenAsync(bo, "Your session ended");
        Assert.Contains("return=organizations%3Fregion%3DEU", bo.Page.Url, StringComparison.Ordinal);
        await LookAsync(bo, "ended");
        Assert.True(_findings.IsEmpty, string.Join('\n', _findings));
    }

    private static ILocator Button(ObservedPage page, string name) => page.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    private static Task SeenAsync(ObservedPage page, string text) => Assertions.Expect(page.Page.GetByText(text).First).ToBeVisibleAsync(Soon);

    private static async Task SignOutAsync(ObservedPage page)
    {
        await page.Page.Locator(".avatar").ClickAsync();
        await Button(page, "Sign out").ClickAsync();
        await SeenAsync(page, "You are signed out.");
    }

    /// <summary>A device with fingerprint or face, always willing.</summary>
    private static async Task PasskeysAsync(ObservedPage page)
    {
        var devtools = await page.Page.Context.NewCDPSessionAsync(page.Page);
        await devtools.SendAsync("WebAuthn.enable");
        await devtools.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["options"] = JsonSerializer.SerializeToElement(new { protocol = "ctap2", transport = "internal", hasResidentKey = true, hasUserVerification = true, isUserVerified = true, automaticPresenceSimulation = true }),
        });
    }

    /// <summary>From the form's first step to the recovery codes; a wrong code on the way.</summary>
    private async Task<(string Seed, IReadOnlyList<string> Codes)> EnrolByAppAsync(ObservedPage page, string? email)
    {
        await page.Page.GetByLabel("Your name").FillAsync(email is null ? "Bo" : "Ana Novak");
        if (email is not null) await page.Page.GetByLabel("E-mail").FillAsync(email);
        await page.Page.GetByLabel("Password", new PageGetByLabelOptions { Exact = true }).FillAsync(Password);
        await LookAsync(page, "password rules");
        await Button(page, "Continue").ClickAsync();
        var code = page.Page.GetByLabel("Code that the app shows");
        await Assertions.Expect(code).ToBeFocusedAsync(new LocatorAssertionsToBeFocusedOptions { Timeout = 30_000 });
        await LookAsync(page, "app");
        var seed = (await page.Page.Locator(".key code").InnerTextAsync()).Replace(" ", "", StringComparison.Ordinal);
        await code.FillAsync("000000");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync(Soon);
        await code.FillAsync(await AuthenticatorApp.Of(seed).NextAsync());
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator(".codes code")).ToHaveCountAsync(10, new LocatorAssertionsToHaveCountOptions { Timeout = 30_000 });
        await LookAsync(page, "recovery codes");
        var codes = await page.Page.Locator(".codes code").AllInnerTextsAsync();
        await page.Page.GetByRole(AriaRole.Checkbox).CheckAsync();
        return (seed, codes);
    }

    private async Task LookAsync(ObservedPage page, string where)
    {
        foreach (var finding in await page.SeriousFindingsAsync()) _findings.Enqueue($"{where}: {finding}");
        const string TooWide = """
            () => [document.documentElement, ...document.querySelectorAll("main .page, main .table-wrap, .card, .drawer, dialog")].filter(e => e.scrollWidth > e.clientWidth)
              .map(e => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth}`)
            """;
        foreach (var wide in await page.Page.EvaluateAsync<string[]>(TooWide)) _findings.Enqueue($"{where} {page.Page.ViewportSize!.Width}: wider than its place: {wide}");
    }
}
