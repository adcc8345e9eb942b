"""SQL, and nothing else: tables, migrations, and one repository for each noun."""
