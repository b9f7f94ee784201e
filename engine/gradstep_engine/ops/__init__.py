"""Operations by topic; each class holds a forward and its derivative side by side."""
