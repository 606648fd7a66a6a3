namespace Astraea.Models.Tasks.Words;

/// <summary>Lists of words the tasks are made of.</summary>
internal static class Lexicon
{
    public static readonly string[] Attributes = Split("""
        colour weight height price owner status size length width age score rank level balance deadline version licence salary budget mileage
        altitude voltage pressure rating capacity speed address phone email title author editor director publisher language currency warranty
        material brand district postcode battery format duration distance checksum tariff priority category genre origin supplier manager guardian
        captain timezone schedule platform gate terminal floor entrance timetable discount deposit fee fine quota limit target margin turnover
        frequency wavelength density volume surface depth slope humidity brightness contrast thickness diameter radius angle torque
        motto nickname birthday hometown profession employer sponsor coach referee attendance visitors opening closing visa permit
        """);

    public static readonly string[] Subjects = Split("""
        book car ticket order invoice employee customer machine sensor room ship train flight parcel server router camera printer lamp robot drone
        plant tree horse dog cat song film album poem recipe course student teacher patient doctor museum library bridge tunnel river lake mountain
        island village factory farm shop bank account contract policy claim project task meeting team player club stadium bicycle engine pump valve
        tank boiler turbine antenna satellite telescope statue painting sculpture theatre concert festival restaurant kitchen garden orchard vineyard
        harbour lighthouse crane lorry wagon tram ferry canoe glacier volcano meadow forest beehive loom kiln anvil violin trumpet
        """);

    public static readonly string[] LookUpVerbs = Split("get fetch find read show check load retrieve query view lookup obtain inspect locate pull report");

    /// <summary>Verbs with what has then happened.</summary>
    public static readonly (string Do, string Done)[] Actions =
    [
        ("archive", "archived"), ("cancel", "cancelled"), ("close", "closed"), ("open", "opened"), ("lock", "locked"), ("unlock", "unlocked"), ("approve", "approved"),
        ("reject", "rejected"), ("publish", "published"), ("delete", "deleted"), ("restore", "restored"), ("pause", "paused"), ("resume", "resumed"), ("renew", "renewed"),
        ("reserve", "reserved"), ("release", "released"), ("repair", "repaired"), ("inspect", "inspected"), ("register", "registered"), ("update", "updated"),
        ("move", "moved"), ("rename", "renamed"), ("assign", "assigned"), ("start", "started"), ("restart", "restarted"), ("clean", "cleaned"), ("calibrate", "calibrated"),
        ("notify", "notified"), ("invite", "invited"), ("schedule", "scheduled"), ("paint", "painted"), ("weigh", "weighed"), ("label", "labelled"), ("export", "exported"),
    ];

    public static readonly string[] Cities = Split("""
        Lisbon Oslo Madrid Rome Athens Vienna Prague Warsaw Helsinki Stockholm Copenhagen Dublin London Paris Berlin Hamburg Munich Zurich Geneva Brussels
        Amsterdam Budapest Belgrade Sofia Bucharest Istanbul Ankara Cairo Tunis Lagos Nairobi Accra Dakar Tokyo Osaka Kyoto Seoul Beijing Shanghai Delhi
        Mumbai Bangkok Hanoi Manila Jakarta Sydney Melbourne Perth Auckland Wellington Toronto Montreal Vancouver Chicago Boston Seattle Denver Dallas Miami
        Houston Lima Bogota Quito Santiago Havana Riga Vilnius Tallinn Reykjavik Porto Seville Valencia Naples Turin Lyon Nantes Bergen Gothenburg
        """);

    public static readonly string[] TwoWordCities =
    [
        "San Francisco", "New York", "Los Angeles", "Las Vegas", "San Diego", "Cape Town", "Buenos Aires", "Mexico City", "Hong Kong", "New Delhi", "Kuala Lumpur",
        "Tel Aviv", "Abu Dhabi", "The Hague", "Salt Lake City", "Rio de Janeiro", "Sao Paulo", "Panama City", "San Jose", "New Orleans", "Santa Fe", "Port Louis",
    ];

    public static readonly string[] Things = Split("""
        lamp bolt hinge bracket cable socket switch fuse pipe valve hose filter nozzle gasket screw washer nut rivet spring chain belt pulley bearing wheel axle
        hammer saw drill chisel plane file clamp wrench ladder bucket brush roller glove helmet goggles rope hook anchor tarp tent stove kettle pan bowl plate
        chair desk shelf stool bench cushion curtain carpet mirror clock pencil notebook stapler folder envelope marker ruler scissors tape
        """);

    public static readonly string[] Qualities = Split("""
        red blue green yellow black white grey brass steel copper wooden plastic rubber glass ceramic small large long short wide narrow heavy light round square
        folding portable electric manual garden kitchen office indoor outdoor spare double single soft hard
        """);

    public static readonly string[] Plain = Split("""
        morning letter window stone silver market corner summer winter signal bottle candle ribbon basket pocket shadow thunder whistle copper velvet lantern
        marble feather anchor harvest compass blanket mirror orchard pepper cotton button hammer saddle chimney ladder needle barrel walnut
        carries opens follows covers leaves finds brings keeps holds turns crosses meets under behind above beside without before after between
        quiet narrow distant early bright hollow gentle bitter patient golden sudden broken silent northern crooked
        """);

    public static readonly string[] FirstNames = Split("""
        Ada Ben Clara David Elena Felix Greta Hugo Irene Jonas Karin Leon Mara Nils Olga Pavel Rosa Simon Tara Victor Wanda Yusuf Zoe Amir Bianca Carlos Dora
        Emil Fatima Gustav Hana Ivan Jana Kofi Lena Mateo Nora Omar Petra Quentin Rita Sven Tomas Ursula Vera Walter Xenia Yara
        """);

    public static readonly string[] Extensions = Split("txt md log csv ini");

    private static string[] Split(string words) => words.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
