using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Contracts;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Contracts;

/// <summary>Drafts, edits, signs or amends a contract. What is allowed is the server's word; refusals are shown at their field.</summary>
public sealed partial class ContractDialog
{
    private ContractForm _form = new();
    private DateOnly _startDate;
    private DateOnly _signedOn;
    private DateOnly _effectiveFrom;
    private int _months = 12;
    private string _zone = "UTC";
    private string _reason = "";
    private string _key = "";
    private bool _busy;
    private ContractAction? _filled;
    private Problem? _problem;

    /// <summary>What to do; null hides the form.</summary>
    [Parameter] public ContractAction? Action { get; set; }

    /// <summary>Whose contract.</summary>
    [Parameter, EditorRequired] public string OrganizationId { get; set; } = "";

    /// <summary>Which contract, null for a new one.</summary>
    [Parameter] public ContractView? View { get; set; }

    /// <summary>Left without saving.</summary>
    [Parameter] public EventCallback OnClose { get; set; }

    /// <summary>Saved.</summary>
    [Parameter] public EventCallback OnSaved { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    private string Number => View?.Contract.Number ?? "the draft";

    private string Title => Action switch
    {
        ContractAction.Draft => "Draft a contract",
        ContractAction.Edit => "Edit the draft",
        ContractAction.Sign => "Sign this contract?",
        _ => $"Amend the terms of {Number}",
    };

    private string Button => Action switch
    {
        ContractAction.Draft => "Save the draft",
        ContractAction.Edit => "Save the changes",
        ContractAction.Sign => "Sign and start watching",
        _ => $"Amend from {Say.Date(_effectiveFrom)}",
    };

    private string? Allowed => _form.Read(SlaTerms.Default).Terms is { } t ? $"Allows {Say.Seconds((long)(30 * 86_400L * (long)(Ppm.One - t.Uptime.TargetPpm) / Ppm.One))} of bad time in 30 days." : null;

    private string Value => _form.TryAnnualValue(out var cents) ? cents is { } c ? Say.Money(c, _form.Currency.ToUpperInvariant()) + " a year." : "Optional; revenue counts it." : "An amount such as 150000 or 150,000.00.";

    private SlaTerms Basis => (View?.InForce ?? (View?.Contract.Versions is { IsDefaultOrEmpty: false } v ? v[^1] : null))?.Terms ?? View?.Contract.DraftTerms ?? SlaTerms.Default;

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        if (_filled == Action) return;
        _filled = Action;
        if (Action is null) return;
        var today = View?.Today ?? DateOnly.FromDateTime(Store.Now.UtcDateTime);
        (_problem, _key, _signedOn, _reason) = (null, Guid.NewGuid().ToString("N"), today, "");
        _form = ContractForm.Of(Basis).WithMoney(View?.AnnualValueCents, View?.Contract.Currency ?? "USD");
        (_startDate, _months, _zone) = View is { Contract: var c } ? (c.StartDate, c.ContractTermMonths, c.Zone) : (today, 12, "UTC");
        _effectiveFrom = new DateOnly(today.Year, today.Month, 1).AddMonths(today.Day == 1 ? 0 : 1);
    }

    private async Task SaveAsync()
    {
        if (_busy || Action is not { } action) return;
        var (terms, wrong) = _form.Read(Basis);
        if (!_form.TryAnnualValue(out var value)) (terms, wrong) = (null, "annualValueCents");
        var currency = _form.Currency.Trim().ToUpperInvariant();
        if (terms is null)
        {
            _problem = new Problem("/problems/validation_failed", "A value cannot be read", 0, "Write percents, milliseconds and amounts as plain numbers, percents with at most four places, amounts with at most two.", "validation_failed", null, new Dictionary<string, string>(StringComparer.Ordinal) { [wrong!] = "not_a_number" });
            return;
        }
        _busy = true;
        var path = "api/contracts" + (View is { } v ? "/" + v.Contract.Id : "");
        var json = ForgeJson.Default;
        var answer = action switch
        {
            ContractAction.Draft => await Api.SendAsync(HttpMethod.Post, "api/contracts", new DraftContract(OrganizationId, _startDate, _months, _zone, terms, currency, value), json.DraftContract, json.ContractView, null, _key),
            ContractAction.Edit => await Api.SendAsync(HttpMethod.Put, path, new EditContract(_startDate, _months, _zone, terms, currency, value), json.EditContract, json.ContractView, View!.Version, _key),
            ContractAction.Sign => await Api.SendAsync(HttpMethod.Post, path + "/sign", new SignContract(_signedOn), json.SignContract, json.ContractView, View!.Version, _key),
            _ => await Api.SendAsync(HttpMethod.Post, path + "/amend", new AmendContract(_effectiveFrom, terms, _reason.Length == 0 ? null : _reason), json.AmendContract, json.ContractView, View!.Version, _key),
        };
        _busy = false;
        _problem = answer.Problem;
        // An unanswered command keeps its key, so that it cannot happen twice; a refused one gets a new key.
        if (_problem is { Code: not "unreachable" }) _key = Guid.NewGuid().ToString("N");
        if (answer.Succeeded) await OnSaved.InvokeAsync();
    }
}
