//! Inventory files (CSV, XLSX, XLSM, XLSB, XLS, ODS) become rows with places, warnings and rejects.
