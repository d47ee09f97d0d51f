using System.Globalization;
using System.Text;
using System.Text.Json;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;

namespace Forge.Dashboard.Sla;

/// <summary>Reads a pasted or uploaded body by the mapping shown, or by the one being typed, and says what becomes of each series.</summary>
public sealed partial class MappingTrialPanel
{
    private const int MostBytes = 4 * 1024 * 1024;
    private const string Example = "http_server_request_duration_seconds_count{http_response_status_code=\"503\"} 5";

    private string _text = "";
    private IBrowserFile? _file;
    private byte[]? _bytes;
    private TrialFormat _format;
    private SlaMappingTrial? _trial;
    private Problem? _problem;
    private string _readBy = "";
    private bool _busy;

    /// <summary>As a key of this organization alone would send it; null = a key for all.</summary>
    [Parameter] public string? OrganizationId { get; set; }

    /// <summary>Its name, once the board told it.</summary>
    [Parameter] public string? OrganizationName { get; set; }

    /// <summary>The mapping being typed; null = what is stored.</summary>
    [Parameter] public MappingForm? Draft { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    private string Which => (Draft is null ? "Read by what is stored" : "Read by what you typed above, not saved yet") + (OrganizationId is { } id ? $", as a key of {OrganizationName ?? id} sends it." : ", as a key for all sends it.");

    private static string Told(SlaMappingTrial trial)
    {
        var counted = trial.Readings.Where(r => r.Key.Length > 0 && char.IsAsciiLetterUpper(r.Key[0])).Sum(r => r.Value);
        return trial.Total == 0 ? "There is no series in it." : $"{Say.Count(counted)} of {Say.Many(trial.Total, "series counts", "series count")}.";
    }

    private static string Milliseconds(double bound) => bound.ToString("#,0.###", CultureInfo.InvariantCulture) + " ms";

    private async Task TakeAsync(InputFileChangeEventArgs e)
    {
        (_file, _bytes, _problem) = (null, null, null);
        if (e.File.Size > MostBytes)
        {
            _problem = Local("body_too_large", "The file is too large", "A body holds at most 4 MiB. Take a smaller part of it.");
            return;
        }
        try
        {
            using var copy = new MemoryStream();
            await using var stream = e.File.OpenReadStream(MostBytes);
            await stream.CopyToAsync(copy);
            (_file, _bytes) = (e.File, copy.ToArray());
        }
        catch (IOException)
        {
            _problem = Local("file_unreadable", "The file cannot be read", "Choose it again; it may have been changed or removed meanwhile.");
        }
    }

    private void Forget() => (_file, _bytes) = (null, null);

    private async Task TryAsync()
    {
        if (_busy) return;
        var query = new List<string>();
        if (OrganizationId is { } id) query.Add("organization=" + Uri.EscapeDataString(id));
        if (Draft is not null)
        {
            if (Draft.Read() is not { Mapping: { } typed })
            {
                _problem = Local("validation_failed", "The mapping above cannot be read yet", "First and last bad value are whole numbers.");
                return;
            }
            query.Add("mapping=" + Uri.EscapeDataString(JsonSerializer.Serialize(typed, ForgeJson.Default.PutSlaMapping)));
        }
        // Typing goes on after it: the result says what it was read by.
        (_busy, _readBy) = (true, Which);
        var answer = await Api.PostAsync("api/sla/mapping/try" + (query.Count > 0 ? "?" + string.Join('&', query) : ""), TrialBody.Of(_bytes ?? Encoding.UTF8.GetBytes(_text + "\n"), _format), ForgeJson.Default.SlaMappingTrial);
        (_busy, _problem, _trial) = (false, answer.Problem, answer.Value);
    }

    private static Problem Local(string code, string title, string detail) => new("/problems/" + code, title, 0, detail, code, null);
}
