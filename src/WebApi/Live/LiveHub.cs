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
[Authorize(Policies.SlaRead)]
public sealed class LiveHub(LiveFeed feed) : Hub<ILiveClient>
{
    internal const string Board = "board";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>
    /// Subscribes and answers where to start: the missed deltas of the same run, else the whole board. The group is joined first, so nothing falls between;
    /// a frame that ends at or before the start's number was on its way already and is to be ignored.
    /// </summary>
    public async Task<LiveStart> Start(string? nodeEpoch, long sequence)
    {
        await Groups.AddToGroupAsync(Context.ConnectionId, Board, Context.ConnectionAborted);
        try
        {
            await feed.Filled.WaitAsync(Patience, Context.ConnectionAborted);
        }
        catch (TimeoutException late)
        {
            throw new HubException("board_not_ready", late);   // the browser keeps what it shows, grey, and asks again
        }
        return feed.Start(nodeEpoch, sequence);
    }
}
