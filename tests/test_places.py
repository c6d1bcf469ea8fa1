"""Places answer to their names, and a name that is no place says what is near."""

from __future__ import annotations

import geopandas as gpd
import pytest

from atlas.base.errors import UnknownPlaceError
from atlas.data.catalog import open_catalog
from atlas.data.layer import Layer
from atlas.data.places import all_places, find_place, names_beginning, names_in, nearest_names
from atlas.network.build import Network


@pytest.fixture(scope="module")
def places() -> Layer:
    return open_catalog().layer("places")


@pytest.mark.parametrize("text", ["珠海", "珠海市", "Zhuhai", "zhuhai", " ZHUHAI ", "Zhūhǎi", "zhu hai", "440400"])
def test_one_city_answers_to_all_its_names(places: Layer, text: str) -> None:
    assert find_place(places, text).adcode == "440400"


def test_the_district_is_not_the_city(places: Layer) -> None:
    assert find_place(places, "香洲").level == "district"
    assert find_place(places, "珠海").level == "prefecture"


def test_a_county_counts_before_the_town_of_the_same_name(places: Layer) -> None:
    assert find_place(places, "斗门").name_zh == "斗门区"
    assert find_place(places, "斗门镇").level == "town"


@pytest.mark.parametrize(
    ("text", "city"), [("江門", "江门"), ("陽江", "阳江"), ("Macau", "澳门"), ("Xianggang", "香港")]
)
def test_traditional_characters_and_other_spellings_are_understood(places: Layer, text: str, city: str) -> None:
    assert find_place(places, text).city == city


def test_every_place_answers_to_its_id_and_its_code(places: Layer) -> None:
    for place in all_places(places):
        assert find_place(places, place.id) == place
        assert find_place(places, place.adcode) == place


@pytest.mark.parametrize(("text", "near"), [("珠还", "珠海"), ("Zuhai", "Zhuhai"), ("Jiangmeng", "Jiangmen")])
def test_a_slip_is_answered_with_the_name_meant_first(places: Layer, text: str, near: str) -> None:
    with pytest.raises(UnknownPlaceError) as caught:
        find_place(places, text)
    assert caught.value.candidates[0] == near


def test_an_ambiguous_name_lists_all_and_each_can_be_looked_up(places: Layer) -> None:
    with pytest.raises(UnknownPlaceError, match="write one of these") as caught:
        find_place(places, "白沙")
    towns = {find_place(places, name).adcode for name in caught.value.candidates}
    assert towns == {"440703002", "440781103", "441702011"}


def test_names_offered_can_be_looked_up(places: Layer) -> None:
    for text in ("新会县", "Enpin", "阳冬", "Kaipin"):
        offered = nearest_names(places, text)
        assert offered
        assert len({find_place(places, name).id for name in offered}) == len(offered)


def test_a_coordinate_is_a_place_of_its_own(places: Layer) -> None:
    place = find_place(places, "113.57, 22.27")
    assert (place.lon, place.lat, place.level) == (113.57, 22.27, "point")


def test_latitude_first_is_refused_with_the_order_meant(places: Layer) -> None:
    with pytest.raises(UnknownPlaceError, match="latitude first") as caught:
        find_place(places, "22.27,113.57")
    assert caught.value.candidates == ("113.57,22.27",)


def test_a_coordinate_out_of_the_region_is_refused(places: Layer) -> None:
    with pytest.raises(UnknownPlaceError, match="out of the region"):
        find_place(places, "2.35,48.85")


@pytest.mark.parametrize("text", ["", "   ", "Atlantis qqq"])
def test_a_name_like_no_other_is_unknown(places: Layer, text: str) -> None:
    with pytest.raises(UnknownPlaceError, match="no place answers"):
        find_place(places, text)


@pytest.fixture(scope="module")
def points(network: Network) -> gpd.GeoDataFrame:
    return network.nodes


@pytest.mark.parametrize(
    ("text", "node_id"),
    [
        ("广州南", "stn/gz_south"),
        ("广州南站", "stn/gz_south"),
        ("Guangzhou South", "stn/gz_south"),
        ("guangzhounan", "stn/gz_south"),
        ("珠海站", "stn/zhuhai"),
        ("Zhuhai Station", "stn/zhuhai"),
        ("珠海机场", "stn/zhuhai_airport"),
        ("珠海金湾机场", "airport/zuh"),
        ("金湾机场", "airport/zuh"),
        ("ZUH", "airport/zuh"),
        ("白云机场", "airport/can"),
        ("九洲港", "port/zhuhai_jiuzhou"),
        ("大鳌出口", "road/e_daao"),
        ("新隆枢纽", "road/x_xinlong/toll"),
        ("stations/gz_south", "stn/gz_south"),
    ],
)
def test_points_of_the_network_answer_where_no_place_does(
    places: Layer, points: gpd.GeoDataFrame, text: str, node_id: str
) -> None:
    assert find_place(places, text, points).id == node_id
    with pytest.raises(UnknownPlaceError):
        find_place(places, text)


#: Names of towns beyond the layer of places, of the stations and of the exits that bear them, and the node meant.
TOWNS = {
    "番禺": "panyu", "番禺区": "panyu", "市桥": "panyu", "顺德": "shunde", "佛山顺德区": "shunde", "Shunde": "shunde",
    "大良": "shunde", "大良街道": "shunde", "Daliang": "shunde", "daliangzhen": "shunde", "虎门": "humen_town",
    "Humen": "humen_town", "虎门镇": "humen_town", "杏坛镇": "xingtan", "Xingtan Town": "xingtan",
}  # fmt: skip
STATIONS = {"番禺站": "panyu", "Shunde Station": "shunde", "虎门站": "humen"}
EXITS = {
    "南沙出口": "e_nansha_hm", "鹤山出口": "e_heshan", "南山出口": "e_nanshan_jm", "大良出口": "e_daliang",
    "虎门出口": "e_humen_yj", "横琴互通": "e_hengqin",
}  # fmt: skip


@pytest.mark.parametrize(("kind", "names"), [("road", TOWNS), ("stn", STATIONS), ("road", EXITS)])
def test_a_name_means_the_town_its_station_or_its_exit_as_it_ends(
    places: Layer, points: gpd.GeoDataFrame, kind: str, names: dict[str, str]
) -> None:
    for text, node in names.items():
        assert find_place(places, text, points).id == f"{kind}/{node}", text


@pytest.mark.parametrize("text", ["口岸", "番禺出口"])
def test_what_stands_in_brackets_for_more_than_a_town_and_exits_that_are_not_there_answer_to_nothing(
    places: Layer, points: gpd.GeoDataFrame, text: str
) -> None:
    with pytest.raises(UnknownPlaceError):
        find_place(places, text, points)


def test_names_that_begin_with_what_was_typed_are_offered_first(places: Layer, points: gpd.GeoDataFrame) -> None:
    with pytest.raises(UnknownPlaceError) as found:
        find_place(places, "珠海港", points)
    assert set(found.value.candidates[:3]) == {"珠海港斗门港区", "珠海港洪湾港", "珠海港高栏港区"}


@pytest.mark.parametrize("text", ["珠海", "中山", "小榄", "横琴", "Zhuhai", "zhongshan"])
def test_a_place_is_meant_before_the_station_of_its_name(places: Layer, points: gpd.GeoDataFrame, text: str) -> None:
    assert find_place(places, text, points) == find_place(places, text)


def test_every_station_answers_to_its_name_with_the_word_for_station(places: Layer, points: gpd.GeoDataFrame) -> None:
    for row in points[points["kind"] == "stop"].itertuples():
        assert find_place(places, f"{row.name_zh}站", points).id == row.node_id


def test_a_slip_in_the_name_of_a_station_is_answered_with_it(places: Layer, points: gpd.GeoDataFrame) -> None:
    with pytest.raises(UnknownPlaceError, match="no place, station, airport, port or junction") as caught:
        find_place(places, "唐加湾站", points)
    assert caught.value.candidates[0] == "唐家湾站"


def test_whatever_the_shell_completes_names_the_place_it_stands_for(places: Layer) -> None:
    names = names_in(open_catalog().root)
    for english in (False, True):
        offered = names_beginning(names, "", english=english)
        assert len(offered) == len(all_places(places))
        assert all(find_place(places, name) == place for name, place in offered)


def test_a_beginning_is_completed_as_it_was_typed(places: Layer) -> None:
    assert [name for name, place in names_beginning(places, "zhuh") if place.adcode == "440400"] == ["zhuhai"]
    assert [name for name, place in names_beginning(places, "陽") if place.adcode == "441700"] == ["阳江"]
    assert names_beginning(places, "no such place") == []
