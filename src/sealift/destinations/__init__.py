"""The places where parcels are stored, behind one small contract."""
