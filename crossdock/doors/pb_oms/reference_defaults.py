"""The reference lists of Pitney Bowes OMS that an organization begins with; it can replace each of them.

They name only carriers, services, parcel types and special services that the vendor prints itself. Members for the selection
(`carrier`, `originCountryCode`, `destinationCountryCode`, `domestic`) are explained in reference_lists.py.
"""

from typing import Any

Row = dict[str, Any]


def _carrier(carrier_id: str, name: str, country: str = "US") -> Row:
    properties = {"futureShipmentSupported": True, "internationalSupported": True, "domesticNotSupported": False}
    return {"carrierID": carrier_id, "name": name, "originCountry": country, "properties": properties}


CARRIERS: list[Row] = [
    _carrier("USPS", "United States Postal Service"),
    _carrier("UPS", "United Parcel Service"),
    _carrier("FEDEX", "FedEx"),
    {
        "carrierID": "DHLEXP", "name": "DHL Express", "originCountry": "US",
        "properties": {"futureShipmentSupported": True, "internationalSupported": True, "domesticNotSupported": True},
    },
    _carrier("PUROLATOR", "Purolator", "CA"),
]  # fmt: skip


def _services(carrier: str, named: str, *, domestic: bool) -> list[Row]:
    rows = [line.strip().split(" ", 1) for line in named.split(",")]
    return [
        {"carrier": carrier, "domestic": domestic, "serviceId": service_id, "brandedName": name}
        for service_id, name in rows
    ]


SERVICES: list[Row] = [
    *_services(
        "USPS",
        "FCM First-Class Mail®, PM Priority Mail®, EM Priority Mail Express®, LIB Library Mail®, "
        "UGA USPS Ground Advantage™",
        domestic=True,
    ),
    *_services("USPS", "PMI Priority Mail International®, EMI Priority Mail Express International®", domestic=False),
    *_services(
        "UPS",
        "GRD UPS® Ground, 3DA UPS 3 Day Select®, 2DA UPS 2nd Day Air®, NDA UPS Next Day Air®, "
        "NDA_AM UPS Next Day Air® Early, NDA_SVR UPS Next Day Air Saver®",
        domestic=True,
    ),
    *_services("FEDEX", "GRD FedEx Ground®", domestic=True),
]
_PARCELS = {"PKG": "Package", "LTR": "Letter", "LGENV": "Large Envelope", "LP": "Large Package", "FRE": "Flat Rate Envelope",
            "TUBE": "Tube"}  # fmt: skip
_OF_CARRIER = {"USPS": ("PKG", "LTR", "LGENV", "LP", "FRE"), "UPS": ("PKG", "TUBE"), "FEDEX": ("PKG", "TUBE")}
_MOST_OUNCES = {"USPS": 1120, "UPS": 2400, "FEDEX": 2400}  # the most that each carrier takes, 70 and 150 pounds


def _parcel(service: Row, parcel_type: str) -> Row:
    carrier = service["carrier"]
    weight = {"maxWeight": _MOST_OUNCES[carrier], "minWeight": 0.01, "required": True, "unitOfMeasurement": "OZ"}
    return {
        "brandedName": _PARCELS[parcel_type], "carrier": carrier.lower(), "domestic": service["domestic"],
        "dimensionRules": [], "groupName": "Packages", "parcelId": parcel_type, "isBranded": False,
        "parcelType": parcel_type, "serviceId": service["serviceId"], "serviceName": service["brandedName"],
        "weightRules": [weight],
    } | ({"suggestedTrackableSpecialserviceId": "DelCon"} if carrier == "USPS" else {})  # fmt: skip


PARCEL_TYPES: list[Row] = [
    _parcel(service, parcel_type) for service in SERVICES for parcel_type in _OF_CARRIER[service["carrier"]]
]
CARRIER_ACCOUNTS: list[Row] = [  # those of the vendor's sample; a client that prints labels elsewhere has its own
    {"carrierAccountId": "abcd12", "carrierName": "FEDEX", "description": "FedEx my account"},
    {"carrierAccountId": "xyz12", "carrierName": "UPS", "description": "UPS my account"},
    {"carrierAccountId": "12prqs", "carrierName": "USPS", "description": "USPS my account"},
]


def _input(name: str, branded: str, **limits: Any) -> Row:
    return {"name": name, "brandedName": branded} | limits | {"required": True}


def _special(
    special_id: str, name: str, category: str, incompatible: str, *inputs: Row, needs: str = "", trackable: bool = True
) -> Row:
    """Make the rule of a special service; `needs` are ids, each with the least value of its input where it has one."""
    rule: Row = {"specialserviceId": special_id, "brandedName": name}
    if category:
        rule |= {"categoryId": category.split(" ", 1)[0], "categoryName": category.split(" ", 1)[1]}
    if incompatible:
        rule["incompatibleSpecialServices"] = incompatible.split()
    if inputs:
        rule["inputParameterRules"] = [*inputs]
    if needs:
        pairs = [each.partition(":") for each in needs.split()]
        rule["prerequisiteRules"] = [
            {"specialserviceId": of} | ({"minInputValue": int(least)} if least else {}) for of, _, least in pairs
        ]
    return rule | ({"trackable": True} if trackable else {})


_VALUE = ("INPUT_VALUE", "Value")
_NUMBER = _input("RETURN_RECEIPT_NUMBER", "Return Receipt Number", format="^[0-9]{22,22}$")
_USPS_RULES = [
    _special("COD", "Collect on Delivery", "COD Collect on Delivery", "CODRD Ins InsRD SigRD",
             _input(*_VALUE, minValue=1, maxValue=1000)),
    _special("CODRD", "COD Restricted Delivery", "COD Collect on Delivery", "COD Ins InsRD SigRD",
             _input(*_VALUE, minValue=1, maxValue=1000)),
    _special("DelCon", "USPS Tracking™", "", ""),
    _special("ERR", "Return Receipt Electronic", "RR Return Receipt", "InsRD Sig SigRD", needs="COD CODRD",
             trackable=False),
    _special("Ins", "Insurance", "IM Insured Mail", "COD CODRD InsRD SigRD",
             _input(*_VALUE, minValue=1, maxValue=5000)),
    _special("InsRD", "Insurance Restricted Delivery", "IM Insured Mail", "COD CODRD ERR Ins Sig SigRD",
             _input(*_VALUE, minValue=500.01, maxValue=5000)),
    _special("RR", "Return Receipt", "RR Return Receipt", "Sig SigRD", _NUMBER, needs="COD CODRD Ins:501 InsRD:501",
             trackable=False),
    _special("Sig", "Signature Confirmation™", "SIG Signature", "ERR InsRD RR SigRD"),
    _special("SigRD", "Signature Confirmation Restricted Delivery", "SIG Signature", "COD CODRD ERR Ins InsRD RR Sig"),
]  # fmt: skip


def _special_services(service: Row) -> Row:
    rule = {
        "parcelType": "PKG", "brandedName": "Package", "trackable": "REQUIRES_TRACKABLE_SPECIAL_SERVICE",
        "suggestedTrackableSpecialService": "DelCon", "specialServiceRules": _USPS_RULES,
    }  # fmt: skip
    return {
        "carrier": "USPS", "domestic": True, "serviceId": service["serviceId"], "brandedName": service["brandedName"],
        "parcelTypeRules": [rule],
    }  # fmt: skip


SPECIAL_SERVICES: list[Row] = [_special_services(each) for each in SERVICES if each["serviceId"] in ("LIB", "PM")]

# Names in English, by ISO 3166-1 alpha-2 code; the codes that core.iso knows.
_COUNTRY_NAMES = """
AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua and Barbuda;AI Anguilla;AL Albania;AM Armenia;AO Angola;
AQ Antarctica;AR Argentina;AS American Samoa;AT Austria;AU Australia;AW Aruba;AX Åland Islands;AZ Azerbaijan;
BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;
BJ Benin;BL Saint Barthélemy;BM Bermuda;BN Brunei;BO Bolivia;BQ Bonaire, Sint Eustatius and Saba;BR Brazil;
BS Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;BY Belarus;BZ Belize;CA Canada;CC Cocos (Keeling) Islands;
CD Congo, Democratic Republic of the;CF Central African Republic;CG Congo;CH Switzerland;CI Côte d'Ivoire;
CK Cook Islands;CL Chile;CM Cameroon;CN China;CO Colombia;CR Costa Rica;CU Cuba;CV Cabo Verde;CW Curaçao;
CX Christmas Island;CY Cyprus;CZ Czechia;DE Germany;DJ Djibouti;DK Denmark;DM Dominica;DO Dominican Republic;
DZ Algeria;EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;FJ Fiji;
FK Falkland Islands;FM Micronesia;FO Faroe Islands;FR France;GA Gabon;GB United Kingdom;GD Grenada;GE Georgia;
GF French Guiana;GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia;GN Guinea;GP Guadeloupe;
GQ Equatorial Guinea;GR Greece;GS South Georgia and the South Sandwich Islands;GT Guatemala;GU Guam;
GW Guinea-Bissau;GY Guyana;HK Hong Kong;HM Heard Island and McDonald Islands;HN Honduras;HR Croatia;HT Haiti;
HU Hungary;ID Indonesia;IE Ireland;IL Israel;IM Isle of Man;IN India;IO British Indian Ocean Territory;IQ Iraq;
IR Iran;IS Iceland;IT Italy;JE Jersey;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;KH Cambodia;KI Kiribati;
KM Comoros;KN Saint Kitts and Nevis;KP North Korea;KR South Korea;KW Kuwait;KY Cayman Islands;KZ Kazakhstan;LA Laos;
LB Lebanon;LC Saint Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;
LY Libya;MA Morocco;MC Monaco;MD Moldova;ME Montenegro;MF Saint Martin (French part);MG Madagascar;
MH Marshall Islands;MK North Macedonia;ML Mali;MM Myanmar;MN Mongolia;MO Macao;MP Northern Mariana Islands;
MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;MW Malawi;MX Mexico;MY Malaysia;
MZ Mozambique;NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands;
NO Norway;NP Nepal;NR Nauru;NU Niue;NZ New Zealand;OM Oman;PA Panama;PE Peru;PF French Polynesia;
PG Papua New Guinea;PH Philippines;PK Pakistan;PL Poland;PM Saint Pierre and Miquelon;PN Pitcairn;PR Puerto Rico;
PS Palestine;PT Portugal;PW Palau;PY Paraguay;QA Qatar;RE Réunion;RO Romania;RS Serbia;RU Russia;RW Rwanda;
SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;SH Saint Helena;SI Slovenia;
SJ Svalbard and Jan Mayen;SK Slovakia;SL Sierra Leone;SM San Marino;SN Senegal;SO Somalia;SR Suriname;
SS South Sudan;ST São Tomé and Príncipe;SV El Salvador;SX Sint Maarten (Dutch part);SY Syria;SZ Eswatini;
TC Turks and Caicos Islands;TD Chad;TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;
TL Timor-Leste;TM Turkmenistan;TN Tunisia;TO Tonga;TR Türkiye;TT Trinidad and Tobago;TV Tuvalu;TW Taiwan;
TZ Tanzania;UA Ukraine;UG Uganda;UM United States Minor Outlying Islands;US United States;UY Uruguay;UZ Uzbekistan;
VA Vatican City;VC Saint Vincent and the Grenadines;VE Venezuela;VG Virgin Islands (British);
VI Virgin Islands (U.S.);VN Vietnam;VU Vanuatu;WF Wallis and Futuna;WS Samoa;XK Kosovo;YE Yemen;YT Mayotte;
ZA South Africa;ZM Zambia;ZW Zimbabwe
"""
COUNTRIES: list[Row] = [
    {"countryCode": name[:2], "countryName": name[3:]} for name in _COUNTRY_NAMES.replace("\n", "").split(";")
]
