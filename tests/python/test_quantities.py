"""Assertions with units."""
import pytest

import brokersim
from brokersim import Bandwidth, Duration, Rate


def test_comparisons_with_text():
    assert Duration(0.02) == "20 ms" and Duration(0.02) <= "20 ms" and not Duration(0.02) < "20 ms"
    assert Duration(0.02) < "1 s" and Duration(0.02) > "19999 us" and Duration(0.02) >= "20 ms" and Duration(0.02) != "21 ms"
    assert Rate(1200) >= "20 /s" and Rate(1.5) == "90 /min"
    assert Bandwidth(125e6) == "1 Gb/s" and Bandwidth(2**20) == "1 MiB/s"
    assert Duration(0.5) == 0.5 and hash(Duration(0.5)) == hash(0.5) and Duration.parse("2 min") == 120


@pytest.mark.parametrize(("quantity", "text"), [(Duration(1), "20"), (Duration(1), "20 MB"), (Rate(1), "1 s"),
                                                (Bandwidth(1), "1 /s"), (Duration(1), "")])
def test_text_of_another_kind_is_refused(quantity, text):
    with pytest.raises(ValueError, match="such as"):
        assert quantity <= text
    with pytest.raises(ValueError):
        assert quantity != text


@pytest.mark.parametrize(("quantity", "shown"), [
    (Duration(1.5), "1.5 s"), (Duration(0.02), "20 ms"), (Duration(2.5e-5), "25 us"), (Duration(0), "0 ns"),
    (Rate(20000), "20000 /s"), (Bandwidth(1.25e8), "125 MB/s")])
def test_shown_with_a_unit(quantity, shown):
    assert repr(quantity) == shown


# Goal: results offer them. Method: the numbers of the JSON beside them.
def test_results_have_units(small):
    result = brokersim.run(small)
    assert result.latency.produce.p99 == result.latency.produce.p99_ms / 1e3
    assert result.latency("produce").p99 <= "1 s" and result.latency("end_to_end").count == 0
    assert result.throughput.records >= "400 /s" and result.throughput.bytes <= "1 MiB/s"
    with pytest.raises(ValueError, match="produce_ok"):
        result.latency("prodcue")


# Goal: a failed assertion shows both sides with units.
def test_failure_shows_the_number(small):
    result = brokersim.run(small)
    with pytest.raises(AssertionError) as caught:
        assert result.latency.produce.p50 <= "1 ns"
    assert "ms" in str(caught.value) or "us" in str(caught.value)
