using Forge.Domain.Live;
using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;

namespace Forge.WebApi.Live;

/// <summary>What the server sends; the method names are the names on the wire.</summary>
public interface ILiveClient
{
    /// <summary>The next numbers of the board.</summary>
    Task frame(LiveFrame frame);

    /// <summary>The connection lives; sent every 2 s.</summary>
    Task heartbeat(LiveHeartbeat heartbeat);
}

/// <summary>The live board at <c>/hubs/live</c>. A browser calls <see cref="Start"/> after each connect and then receives <c>frame</c> and <c>heartbeat</c>.</summary>
[Authorize(Policies.BoardRead)]
public sealed class LiveHub(LiveFeed feed, ScopedBoards boards, DisplayStore displays) : Hub<ILiveClient>
{
    internal const string Board = "board";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
    private static readonly object ScopeItem = new();

    /// <summary>
    /// Subscribes and answers where to start: the missed deltas of the same run, else the whole board; a screen gets the board of its organizations. The group is joined first, so nothing falls between;
    /// a frame that ends at or before the start's number was on its way already and is to be ignored.
    /// </summary>
    public async Task<LiveStart> Start(string? nodeEpoch, long sequence)
    {
        var scope = Scope();
        await Groups.AddToGroupAsync(Context.ConnectionId, scope?.Group ?? Board, Context.ConnectionAborted);
        try
        {
            await feed.Filled.WaitAsync(Patience, Context.ConnectionAborted);
        }
        catch (TimeoutException late)
        {
            throw new HubException("board_not_ready", late);   // the browser keeps what it shows, grey, and asks again
        }
        var start = feed.Start(nodeEpoch, sequence);
        return scope is null ? start : scope.Of(start);
    }

    /// <summary>A screen says how far it is: the number of the last delta it shows, and the age of its board in milliseconds. From anybody else it means nothing.</summary>
    public void Report(long sequence, long dataAgeMs)
    {
        if (Holder.Of(Context.User!) is { Kind: CredentialKind.Display } screen) displays.Report(screen.Id, sequence, dataAgeMs);
    }

    /// <inheritdoc/>
    public override Task OnDisconnectedAsync(Exception? exception)
    {
        if (Context.Items.Remove(ScopeItem, out var scope)) boards.Leave((BoardScope)scope!);
        return base.OnDisconnectedAsync(exception);
    }

    // People see everything; what a screen sees was decided when it was paired.
    private BoardScope? Scope()
    {
        if (Context.User!.FindFirst(DisplayHandler.ScopeClaim)?.Value is not { } organizations) return null;
        if (Context.Items.TryGetValue(ScopeItem, out var joined)) return (BoardScope)joined!;
        var scope = boards.Join(organizations);
        Context.Items[ScopeItem] = scope;
        return scope;
    }
}
