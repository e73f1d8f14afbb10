-- The niches. Ids are fixed: a video holds them, and every shard has the same. What is there already, of a sample world or an operator's own, stays.

insert into niches (id, slug, name) values
    (1, 'dance', 'Dance'), (2, 'comedy', 'Comedy'), (3, 'diy', 'DIY'), (4, 'education', 'Education'), (5, 'cooking', 'Cooking'), (6, 'fitness', 'Fitness'),
    (7, 'beauty', 'Beauty'), (8, 'fashion', 'Fashion'), (9, 'gaming', 'Gaming'), (10, 'pets', 'Pets'), (11, 'travel', 'Travel'), (12, 'books', 'Books'),
    (13, 'sport', 'Sport'), (14, 'family', 'Family'), (15, 'musicians', 'Musicians'), (16, 'gardening', 'Gardening'), (17, 'science', 'Science'), (18, 'art', 'Art')
on conflict do nothing;
