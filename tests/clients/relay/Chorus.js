// What Relay asks; the compiler reads it here and writes __generated__/, which relay.mjs reads.
const { graphql } = require("relay-runtime");

graphql`
  query ChorusSoundQuery($id: ID!) {
    sound(id: $id) { id title community { videos(sort: RECENT, first: 1) { edges { node { id caption } } } } }
  }
`;

graphql`
  query ChorusNodeQuery($id: ID!) {
    node(id: $id) { id ... on Sound { title community { videos(sort: RECENT, first: 1) { edges { node { id caption } } } } } }
  }
`;

graphql`
  query ChorusChartQuery($window: TrendWindow!) {
    trendingSounds(window: $window, first: 3) { edges { rank node { id title community { id ...Chorus_videos } } } }
  }
`;

graphql`
  fragment Chorus_videos on Community
  @argumentDefinitions(count: { type: "Int", defaultValue: 4 }, cursor: { type: "Cursor" })
  @refetchable(queryName: "ChorusVideosQuery") {
    videos(sort: FIRST, first: $count, after: $cursor) @connection(key: "Chorus_videos") { edges { node { id } } }
  }
`;

graphql`
  query ChorusPersonQuery($by: UserBy!) {
    user(by: $by) { __typename id handle }
  }
`;

graphql`
  query ChorusSearchQuery($query: String!) {
    search(query: $query, first: 50) {
      edges { node { __typename ... on Node { id } ... on Sound { title } ... on User { handle } ... on Hashtag { name } } }
    }
  }
`;

graphql`
  query ChorusNodesQuery($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id }
  }
`;

graphql`
  mutation ChorusProfileMutation($input: CreateProfileInput!) {
    createProfile(input: $input) {
      __typename
      ... on CreateProfilePayload { viewer { id user { id handle } } }
      ... on UserError { message path }
    }
  }
`;

graphql`
  mutation ChorusRecordMutation($input: CreateSoundInput!) {
    createSound(input: $input) { ... on CreateSoundPayload { sound { id } } }
  }
`;

graphql`
  mutation ChorusPostMutation($input: PostVideoInput!) {
    postVideo(input: $input) {
      __typename
      ... on PostVideoPayload { community { videos(sort: RECENT, first: 1) { edges { node { id caption } } } } }
      ... on UserError { message path }
    }
  }
`;

graphql`
  subscription ChorusRisingSubscription {
    trendingSounds(window: DAY, first: 3) {
      __typename
      ... on StreamCheckpoint { cursor }
      ... on TrendingSnapshot { entries { rank node { id title } } }
    }
  }
`;
