using Astraea.Core.Lifecycle;
using Astraea.Gateway.FrontDoor;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests.FrontDoor;

public sealed class ParkedReadingsTests
{
    private readonly ParkedReadings _parked = new(capacity: 2);

    [Fact]
    public void A_parked_reading_is_given_to_one_taker()
    {
        Reading reading = Park(1);
        Assert.Same(reading, _parked.TryTake(Place(1)));
        Assert.Null(_parked.TryTake(Place(1)));
    }

    [Fact]
    public void Only_its_own_reader_finds_it()
    {
        Park(1);
        Assert.Null(_parked.TryTake(Place(2)));
        Assert.Null(_parked.TryTake(Place(1) with { Tenant = new TenantId("beta") }));
        Assert.Null(_parked.TryTake(Place(1) with { Exchange = new ExchangeId(new RequestId(1), 1) }));
    }

    [Fact]
    public void The_one_parked_first_goes_when_there_are_too_many()
    {
        Park(1);
        Park(2);
        _parked.Park(Place(1), _parked.TryTake(Place(1))!);
        Park(3);
        Assert.Null(_parked.TryTake(Place(2)));
        Assert.NotNull(_parked.TryTake(Place(1)));
        Assert.NotNull(_parked.TryTake(Place(3)));
    }

    private Reading Park(long after)
    {
        Reading reading = new(Place(after).Exchange, new LetterText());
        _parked.Park(Place(after), reading);
        return reading;
    }

    private static ReadingPlace Place(long after) => new(new TenantId("alpha"), new ExchangeId(new RequestId(1), 0), after);
}
