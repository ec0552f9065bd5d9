"""Operations on a whole store: importing, exporting, rebuilding, looking after its health."""
