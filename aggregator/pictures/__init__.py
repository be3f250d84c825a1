"""Pictures of articles, as pages show them: found in the article, fetched, scaled, kept. Shell.

    addresses  signed names of pictures, and the images that they stand for
    cache      the files in storage/pictures
    source     requests to the hosts of pictures
    pictures   all of it together

What is asked for by name is looked up in the article that the name holds: no request can make us fetch anything else.
"""
