"""Fractions as a reader expects them."""

from __future__ import annotations

from fractions import Fraction


def decimal(value: Fraction) -> str:
    """About how much a fraction is, with two places: ``= 2.50``, or where it does not end, more.

    >>> decimal(Fraction(7, 3)), decimal(Fraction(5, 2))
    ('= 2.33...', '= 2.5')
    """
    hundredths = value * 100
    if hundredths.denominator == 1:
        return f"= {float(value):g}" if abs(value) < 10**6 else f"= {hundredths.numerator // 100}"
    whole, rest = divmod(hundredths.numerator // hundredths.denominator, 100)
    return f"= {whole}.{rest:02}..."
