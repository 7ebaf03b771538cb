"""What can be wrong with coupons.

CouponError
├── BatchUnknownError      there is no batch of this key
├── CouponUnknownError     there is no coupon of this code, or it was never given out
├── StockTooSmallError     a batch cannot have less stock than was given out
└── CouponSpentError       a coupon that was redeemed or has expired cannot be redeemed
"""


class CouponError(Exception):
    """The root of this package's errors."""


class BatchUnknownError(CouponError):
    def __init__(self, key: str) -> None:
        super().__init__(f"There is no coupon batch {key!r}. GET /coupon-batches lists them.")


class CouponUnknownError(CouponError):
    def __init__(self, code: str) -> None:
        super().__init__(f"There is no coupon {code!r} that somebody holds.")


class StockTooSmallError(CouponError):
    def __init__(self, stock: int, used: int) -> None:
        super().__init__(f"{used} coupons of this batch were given out already: the stock cannot be {stock}.")


class CouponSpentError(CouponError):
    def __init__(self, code: str, status: str) -> None:
        super().__init__(f"The coupon {code!r} is {status}: it cannot be redeemed.")
