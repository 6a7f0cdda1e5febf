"""Usage and prices whose sums are known by hand."""

import datetime
from decimal import Decimal

from fleet import DAY, HOUR, OTHER, pid, uid
from warehouse import WORKSPACE


def usage(now, n, hours_ago, quantity, sku="A", cloud="AWS", workspace=WORKSPACE, kind="ORIGINAL"):
    end = now - hours_ago * HOUR
    return {"account_id": "a", "workspace_id": workspace, "record_id": f"{n}-{hours_ago}-{quantity}",
            "sku_name": sku, "cloud": cloud, "usage_start_time": end - HOUR, "usage_end_time": end,
            "usage_date": end.date(), "custom_tags": {"team": "x"}, "usage_unit": "DBU",
            "usage_quantity": Decimal(quantity), "record_type": kind,
            "usage_metadata": {"dlt_pipeline_id": n and pid(n), "dlt_update_id": n and uid(n)},
            "billing_origin_product": "DLT"}


def price(amount, begin, end=None, sku="A", cloud="AWS"):
    worth = {"default": Decimal(amount)}
    return {"price_start_time": begin, "price_end_time": end, "account_id": "a", "sku_name": sku,
            "cloud": cloud, "currency_code": "USD", "usage_unit": "DBU",
            "pricing": {"default": worth["default"], "promotional": worth, "effective_list": worth}}


def tables(now):
    changed = now - 3 * DAY
    begin = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    return {
        "billing.usage": [
            usage(now, 1, 10, "4"), usage(now, 1, 96, "2"), usage(now, 1, 5, "1.5", kind="ORIGINAL"),
            usage(now, 1, 5, "-1.5", kind="RETRACTION"), usage(now, 1, 4, "3", sku="B"),
            usage(now, 1, 24 * 50, "1000"), usage(now, 3, 72, "10"),  # at the change of the price
            usage(now, 4, 3, "7", sku="unknown"), usage(now, None, 3, "99"),
            usage(now, 1, 3, "500", workspace=OTHER)],
        "billing.list_prices": [
            price("0.3", begin, changed), price("0.4", changed), price("0.9", begin, cloud="AZURE"),
            price("0.5", begin, sku="B"), price("0.8", begin, sku="B", cloud="GCP")],
    }


# By pipeline: dbus, amount, and dbus without a price. 4 * 0.4 + 2 * 0.3 + 3 * 0.5; 10 * 0.4.
WANTED = {1: (9.0, 3.7, 0.0), 3: (10.0, 4.0, 0.0), 4: (7.0, None, 7.0)}
